/*
 * log: one line per event on stderr, as key=value or as JSON. Only `main`, the processes and the
 * tools log; rooms below return what they know.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* `who` is the process: "parent", "brain", "worker-0"; kept by reference. */
void	log_setup(const char *who, enum log_level least, bool json);
enum log_level log_least(void);		/* as set up; for a child that only changes its name */
bool	log_is_json(void);

/* Pairs of key and value, all C strings, ended by NULL: log_event(LOG_INFO, "table.published",
 * "serial", LOG_N(7), NULL) */
void	log_event(enum log_level, const char *event, ...) __attribute__((sentinel));

/*
 * A reader of stderr that does not keep up delays nothing (sink.h): up to 64 KiB of lines wait
 * for it, those beyond are dropped and counted. To be called a few times per second: writes what
 * waits; when all is written and lines were dropped, logs their number (log.dropped).
 */
void	log_flush(void);
uint64_t log_dropped_take(void);	/* lines dropped since the last call */

/* Called with each line that is written, and with all from LOG_INFO on that are not, its pairs
 * always as key=value; for the events API: people look there at what happened, however little is
 * logged. NULL: none. */
typedef void	log_tap_f(void *arg, enum log_level, const char *event, const char *pairs);
void	log_tap(log_tap_f *, void *arg);

#define LOG_N(n)	log_int((char[24]){ 0 }, (int64_t)(n))		/* an integer as a value */
#define LOG_F(x, digits) log_float((char[40]){ 0 }, (x), (digits))	/* a real number as a value */
const char	*log_int(char out[24], int64_t);
const char	*log_float(char out[40], double, int digits);

#endif
