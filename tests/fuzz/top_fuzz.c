/*
 * `mola top` shows what any server sends: JSON becomes rows, rows become a screen, and nothing on it could control a terminal. The
 * first byte is the topic, the second the size of the screen; what follows a line feed behind the JSON are keys.
 */
#include <jansson.h>

#include "base/bug.h"
#include "cli/top_view.h"

#define KEYS_MOST	24

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_screen(const struct canvas *c)
{
	char text[CANVAS_ROW_MAX];

	for (int row = 0; row < c->rows; row++)
		for (const char *p = canvas_row(c, row, text); *p != '\0'; p++)
			ASSERT((unsigned char)*p >= ' ' && *p != 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char *const topics[] = { "nodes", "services", "tasks", "events" };
	const char *text = (const char *)bytes + 2, *end;
	struct top_model model;
	struct top_view view;
	struct canvas c;
	json_error_t error;
	json_t *j;

	if (len < 2)
		return 0;
	j = json_loadb(text, len - 2, JSON_DISABLE_EOF_CHECK, &error);
	end = j == NULL ? text + len - 2 : text + error.position;
	model_init(&model);
	view_init(&view, &model);
	canvas_init(&c, 1 + bytes[1] % 44, 1 + bytes[1] * 5 % 170);
	view.may_write = true;
	if (json_is_object(j)) {
		model_take(&model, topics[bytes[0] % 4], j);
		view_changed(&view);
		detail_of_why(&view.detail, j, c.cols);
	}
	view_draw(&view, &c);
	check_screen(&c);
	for (int keys = 0; end < text + len - 2 && keys < KEYS_MOST; end++, keys++) {
		view_key(&view, (unsigned char)*end < 16 ? KEY_IS_UP + (unsigned char)*end : (unsigned char)*end);
		view_draw(&view, &c);
		check_screen(&c);
	}
	view_fini(&view);
	model_fini(&model);
	canvas_fini(&c);
	json_decref(j);
	return 0;
}
