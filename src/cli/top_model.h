/*
 * top_model: what `mola top` knows of a fleet: rows of nodes, services, tasks and events, read from
 * the API's JSON. A number that is not known is NAN. Texts are as they came.
 */
#ifndef CLI_TOP_MODEL_H
#define CLI_TOP_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define TOP_NAME_MAX	128
#define TOP_TEXT_MAX	400
#define TOP_EVENTS_MAX	1000

struct top_node {
	char	name[TOP_NAME_MAX], state[16], source[16], trend[12];
	double	cores, busy, ours, others, threads, inflight, memory, memory_bytes, pressure;
	double	cost, score, share, age, tasks;
	char	text[TOP_TEXT_MAX];		/* what is wrong with its samples */
	char	reason[TOP_TEXT_MAX];
};

struct top_service {
	char	name[TOP_NAME_MAX], policy[24], profile[32], route[TOP_NAME_MAX];
	bool	served;
	double	tasks, usable, inflight, rate, errors, p50, p99, requests, failures;
	char	text[TOP_TEXT_MAX];		/* why it is not served, or not as labelled */
};

struct top_task {
	char	name[TOP_NAME_MAX], service[TOP_NAME_MAX], node[TOP_NAME_MAX], address[64], state[16];
	double	inflight, rate, share, cost, errors, p99, requests, failures;
	char	text[TOP_TEXT_MAX];		/* the last failure */
};

struct top_event {
	uint64_t	 id;			/* 0: a note of our own */
	char		 time[32], level[8], name[48], text[TOP_TEXT_MAX];
};

struct top_warning {
	char	severity[12], kind[16], name[TOP_NAME_MAX], text[TOP_TEXT_MAX], remedy[TOP_TEXT_MAX];
	double	since;				/* seconds */
};

struct top_model {
	struct top_node	*node;
	struct top_service *service;
	struct top_task	*task;
	struct top_event *event;		/* oldest first */
	struct top_warning *warning;
	size_t		 nnodes, nservices, ntasks, nevents, nwarnings;
	size_t		 events_room;
	bool		 has_nodes, has_services, has_tasks, has_events;	/* something has come */
};

void	model_init(struct top_model *);
void	model_fini(struct top_model *);
/* As follow_f. */
void	model_take(struct top_model *, const char *topic, const json_t *value);
/* As Mola has just confirmed; "" stands for the state that the next message shows. */
void	model_drained(struct top_model *, const char *name, bool task, bool drained);
/* An event that is not Mola's, such as that its brain has restarted. */
void	model_note(struct top_model *, const char *text);

#endif
