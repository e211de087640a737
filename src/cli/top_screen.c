/*
 * top_screen: what is known of ncurses. Signals are read from a descriptor, except those of a bug:
 * their handler puts the terminal back, and the process dies of them as it would have.
 */
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#undef lines
#undef columns

#include "base/alloc.h"
#include "base/bug.h"
#include "cli/top_screen.h"
#include "cli/top_view.h"

struct screen {
	SCREEN		*terminal;
	int		 epoll, signals;
	int		 signal;	/* that ends the program */
	bool		 colours, again;
	sigset_t	 before;
};

/* For the handler: what undoes all that was set. */
static struct {
	bool		 open;
	struct termios	 tty;
	char		 leave[128];
	size_t		 n;
} undo;

static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

static void
on_fatal(int number)
{
	ssize_t put;

	if (undo.open) {
		put = write(STDOUT_FILENO, undo.leave, undo.n);
		(void)put;
		tcsetattr(STDIN_FILENO, TCSANOW, &undo.tty);
	}
	signal(number, SIG_DFL);
	raise(number);
}

static void
undo_prepare(void)
{
	const char *part[] = { exit_attribute_mode, cursor_normal, exit_ca_mode };

	undo.n = 0;
	for (size_t i = 0; i < sizeof part / sizeof *part; i++)
		if (part[i] != NULL && strlen(part[i]) < sizeof undo.leave - undo.n) {
			memcpy(undo.leave + undo.n, part[i], strlen(part[i]));
			undo.n += strlen(part[i]);
		}
	undo.open = true;
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
		signal(fatal[i], on_fatal);
}

static void
colours_start(struct screen *s)
{
	const char *no = getenv("NO_COLOR");

	s->colours = (no == NULL || *no == '\0') && has_colors() && start_color() == OK;
	if (!s->colours)
		return;
	use_default_colors();
	init_pair(HUE_GOOD, COLOR_GREEN, -1);
	init_pair(HUE_WARN, COLOR_YELLOW, -1);
	init_pair(HUE_BAD, COLOR_RED, -1);
	init_pair(HUE_FAINT, COLOR_CYAN, -1);
}

static void
signals_start(struct screen *s)
{
	struct epoll_event keys = { .events = EPOLLIN, .data.fd = STDIN_FILENO }, signals = keys;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, &s->before);
	s->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	ASSERT(s->signals >= 0 && s->epoll >= 0);
	signals.data.fd = s->signals;
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &keys) != 0 ||
	    epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->signals, &signals) != 0)
		BUG("a terminal cannot be waited for");
}

struct screen *
screen_open(void)
{
	struct screen *s = must_zalloc(sizeof *s);

	ASSERT(!undo.open);
	setlocale(LC_CTYPE, "");
	tcgetattr(STDIN_FILENO, &undo.tty);
	s->terminal = newterm(NULL, stdout, stdin);
	if (s->terminal == NULL) {
		free(s);
		return NULL;
	}
	undo_prepare();
	signals_start(s);
	set_escdelay(25);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	colours_start(s);
	return s;
}

void
screen_close(struct screen **sp)
{
	struct screen *s = *sp;

	endwin();
	delscreen(s->terminal);
	tcsetattr(STDIN_FILENO, TCSANOW, &undo.tty);
	undo.open = false;
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
		signal(fatal[i], SIG_DFL);
	close(s->epoll);
	close(s->signals);
	sigprocmask(SIG_SETMASK, &s->before, NULL);
	free(s);
	*sp = NULL;
}

int
screen_fd(const struct screen *s)
{
	return s->epoll;
}

int
screen_signal(const struct screen *s)
{
	return s->signal;
}

static void
resize(struct screen *s)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row > 0 && w.ws_col > 0)
		resizeterm(w.ws_row, w.ws_col);
	s->again = true;
}

bool
screen_goes_on(struct screen *s)
{
	struct signalfd_siginfo info;
	struct epoll_event e[2];
	int n = epoll_wait(s->epoll, e, 2, 0);

	for (int i = 0; i < n; i++)
		if (e[i].data.fd == STDIN_FILENO && (e[i].events & (EPOLLHUP | EPOLLERR)) != 0)
			return false;
	while (read(s->signals, &info, sizeof info) == (ssize_t)sizeof info)
		if (info.ssi_signo == SIGWINCH)
			resize(s);
		else
			s->signal = (int)info.ssi_signo;
	return s->signal == 0;
}

static unsigned
key_of(wint_t code)
{
	switch (code) {
	case KEY_UP:
		return KEY_IS_UP;
	case KEY_DOWN:
		return KEY_IS_DOWN;
	case KEY_LEFT:
		return KEY_IS_LEFT;
	case KEY_RIGHT:
		return KEY_IS_RIGHT;
	case KEY_PPAGE:
		return KEY_IS_PAGE_UP;
	case KEY_NPAGE:
		return KEY_IS_PAGE_DOWN;
	case KEY_HOME:
		return KEY_IS_HOME;
	case KEY_END:
		return KEY_IS_END;
	case KEY_ENTER:
		return KEY_IS_ENTER;
	case KEY_BTAB:
		return KEY_IS_BACK_TAB;
	case KEY_BACKSPACE:
		return KEY_IS_ERASE;
	default:
		return ' ' - 1;			/* some other key, with no meaning */
	}
}

unsigned
screen_key(struct screen *s)
{
	wint_t c;
	int kind = get_wch(&c);

	(void)s;
	if (kind == ERR)
		return KEY_IS_NONE;
	if (kind == KEY_CODE_YES)
		return key_of(c);
	return c == '\r' || c == '\n' ? KEY_IS_ENTER : c == 27 ? KEY_IS_ESCAPE : c == '\t' ? KEY_IS_TAB :
	    c == 127 || c == 8 ? KEY_IS_ERASE : c == 0 ? ' ' - 1 : c;
}

struct screen_size
screen_size(const struct screen *s)
{
	(void)s;
	return (struct screen_size){ LINES > 0 ? LINES : 1, COLS > 0 ? COLS : 1 };
}

static attr_t
attributes(const struct screen *s, unsigned style)
{
	enum hue hue = (enum hue)(style & 0xf);
	attr_t a = style & STYLE_BOLD ? A_BOLD : A_NORMAL;

	if (style & STYLE_REVERSE)
		a |= A_REVERSE;
	if (s->colours && hue != HUE_PLAIN)
		a |= (attr_t)COLOR_PAIR(hue);
	else if (hue == HUE_BAD)
		a |= A_BOLD;
	return a;
}

/* One row, in runs of one style. */
static void
row_show(const struct screen *s, const struct canvas *c, int row)
{
	const struct canvas_cell *cell = c->cell + (size_t)row * (size_t)c->cols;
	wchar_t run[256];
	int n = 0;

	move(row, 0);
	for (int i = 0; i < c->cols; i++) {
		if (cell[i].c != 0)
			run[n++] = (wchar_t)cell[i].c;
		if (i + 1 < c->cols && cell[i + 1].style == cell[i].style && n < 255)
			continue;
		attrset((int)attributes(s, cell[i].style));
		addnwstr(run, n);
		n = 0;
	}
}

void
screen_redraw(struct screen *s)
{
	s->again = true;
}

void
screen_show(struct screen *s, const struct canvas *c)
{
	if (s->again)
		clearok(stdscr, TRUE);
	s->again = false;
	for (int row = 0; row < c->rows && row < LINES; row++)
		row_show(s, c, row);
	refresh();
}
