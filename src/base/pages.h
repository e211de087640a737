/*
 * pages: the pages of a process that its start has touched and its work does not.
 */
#ifndef BASE_PAGES_H
#define BASE_PAGES_H

/*
 * Unmaps what is mapped of programs' and libraries' code and constants. A page of them that is
 * wanted again comes from the page cache by a minor fault; all others are no longer memory of this
 * process. What has been written to, relocations among them, stays. Free memory of malloc goes back
 * to the system, too. Takes some 0.1 ms, more with a large heap: for the end of a start.
 */
void	pages_let_go(void);

#endif
