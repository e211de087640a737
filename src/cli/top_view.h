/*
 * top_view: what `mola top` shows of its model, and what keys do to it. No terminal is needed: keys
 * come as enum top_key, the screen is a canvas.
 */
#ifndef CLI_TOP_VIEW_H
#define CLI_TOP_VIEW_H

#include "cli/top_columns.h"

enum top_key {
	KEY_IS_NONE,
	KEY_IS_UP = 0x110000, KEY_IS_DOWN, KEY_IS_LEFT, KEY_IS_RIGHT, KEY_IS_PAGE_UP, KEY_IS_PAGE_DOWN,
	KEY_IS_HOME, KEY_IS_END, KEY_IS_ENTER, KEY_IS_ESCAPE, KEY_IS_TAB, KEY_IS_BACK_TAB, KEY_IS_ERASE
	/* below them: a character */
};

/* What is to be done after a key. */
enum top_action {
	TOP_NOTHING, TOP_QUIT,
	TOP_DETAIL,		/* request what is to be shown of `detail` */
	TOP_DRAIN		/* confirmed: of `drain` */
};

enum top_connection { TOP_CONNECTING, TOP_LIVE, TOP_POLLS, TOP_LOST };

#define TOP_FILTER_MAX	64
#define TOP_LINES_MAX	2000

struct top_list {
	unsigned	 sorted;	/* column */
	bool		 reverse;	/* from the largest on */
	unsigned	*order;		/* rows that match the filter, as shown */
	size_t		 n, first, at;	/* the first on the screen, and the selected one */
	char		 selected[TOP_NAME_MAX];	/* "": whatever is first */
	uint64_t	 selected_id;	/* of events */
};

/* A page of text about a row, in place of the lists. */
struct top_detail {
	bool		 open;
	bool		 warnings;	/* of all, in place of a row */
	enum top_pane	 pane;
	char		 name[TOP_NAME_MAX], service[TOP_NAME_MAX];
	char		**line;
	size_t		 n, first;
};

struct top_view {
	struct top_model *m;		/* what has come last */
	enum top_pane	 pane;
	struct top_list	 list[PANES];
	char		 filter[TOP_FILTER_MAX];
	bool		 typing, paused, help;
	bool		 asking;	/* whether to drain, or to undrain */
	struct {
		char	 name[TOP_NAME_MAX];
		bool	 task, on;
	} drain;
	struct top_detail detail;
	char		 message[256];
	bool		 message_bad;

	/* set by the loop before it draws */
	const char	*where, *time, *problem;
	enum top_connection connection;
	double		 age, period;	/* seconds; age is negative before anything has come */
	bool		 may_write;
	int		 rows, cols;
};

void	view_init(struct top_view *, struct top_model *);
void	view_fini(struct top_view *);
void	view_changed(struct top_view *);		/* the model, or the filter */
enum top_action view_key(struct top_view *, unsigned key);
void	view_draw(struct top_view *, struct canvas *);

void	view_say(struct top_view *, bool bad, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

/* top_detail.c: lines of the detail page, wrapped to `cols` */
void	detail_of_warnings(struct top_detail *, const struct top_model *, int cols);
void	detail_of_model(struct top_detail *, const struct top_model *, int cols);
void	detail_of_why(struct top_detail *, const json_t *why, int cols);
void	detail_of_text(struct top_detail *, const char *, int cols);
void	detail_clear(struct top_detail *);

#endif
