/*
 * view: sorted arrays. The next view takes over what has not changed, opened as it is: opening a
 * thousand objects takes longer than all the rest of a read.
 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "vault/view_priv.h"

static void
raw_unref(struct vault_raw *r)
{
	ASSERT(r->refs > 0);
	if (--r->refs > 0)
		return;
	if (r->data != NULL)
		OPENSSL_cleanse(r->data, r->data_bytes + 1);
	free(r->data);
	free(r->name);
	free(r->id);
	free(r->sealed);
	json_decref(r->labels);
	free(r);
}

void
view_clear(struct vault_view *v)
{
	for (unsigned i = 0; i < v->n; i++)
		raw_unref(v->raw[i]);
	free(v->object);
	free(v->raw);
	free(v->by_tag);
	*v = (struct vault_view){ 0 };
}

/* FNV-1a: only compared within this process. */
static uint64_t
hash_add(uint64_t h, const void *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		h = (h ^ ((const unsigned char *)p)[i]) * 0x100000001b3u;
	return h;
}

/* The place of the name, or where it would be. */
static unsigned
view_place(const struct vault_view *v, const char *name)
{
	unsigned low = 0, high = v->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (strcmp(v->object[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct vault_object *
view_find(const struct vault_view *v, const char *name, unsigned *at)
{
	*at = view_place(v, name);
	if (*at == v->n || strcmp(v->object[*at].name, name) != 0)
		return NULL;
	return &v->object[*at];
}

static void
view_insert(struct vault_view *v, const struct vault_object *o, struct vault_raw *r)
{
	unsigned at = view_place(v, o->name);

	if (v->n == v->cap) {
		v->cap = v->cap == 0 ? 16 : v->cap * 2;
		v->object = must_realloc(v->object, v->cap * sizeof *v->object);
		v->raw = must_realloc(v->raw, v->cap * sizeof *v->raw);
	}
	memmove(&v->object[at + 1], &v->object[at], (v->n - at) * sizeof *v->object);
	memmove(&v->raw[at + 1], &v->raw[at], (v->n - at) * sizeof *v->raw);
	v->object[at] = *o;
	v->raw[at] = r;
	v->n++;
}

static void
object_open(const struct vault *s, struct vault_object *o, struct vault_raw *r, struct str sealed)
{
	r->data_bytes = s->seal == NULL ? sealed.len : seal_data_bytes(sealed);
	r->data = must_zalloc(r->data_bytes + 1);
	if (s->seal != NULL)
		o->why = seal_open(s->seal, str_of(o->name), sealed, r->data, &o->secret);
	else
		memcpy(r->data, sealed.p, sealed.len);
	o->data = o->why != NULL ? STR("") : (struct str){ r->data, r->data_bytes };
}

void
vault_view_add(struct vault *s, struct vault_object o, struct str sealed, uint64_t tag)
{
	struct vault_view *v = &s->next;
	struct vault_raw *r;
	unsigned at;

	ASSERT(s->reading && json_is_object(o.labels));
	if (view_find(v, o.name, &at) != NULL)		/* no vault has two */
		return;
	r = must_zalloc(sizeof *r);
	*r = (struct vault_raw){ .refs = 1, .tag = tag, .name = must_strdup(o.name),
	    .id = must_strdup(o.id), .sealed = must_alloc(sealed.len + 1),
	    .sealed_bytes = sealed.len, .labels = json_incref((json_t *)o.labels) };
	memcpy(r->sealed, sealed.p, sealed.len);
	o.name = r->name;
	o.id = r->id;
	if (o.why == NULL)
		object_open(s, &o, r, sealed);
	view_insert(v, &o, r);
}

static int
compare_tags(const void *a, const void *b, void *view)
{
	const struct vault_view *v = view;
	uint64_t x = v->raw[*(const unsigned *)a]->tag, y = v->raw[*(const unsigned *)b]->tag;

	return x < y ? -1 : x > y;
}

static void
view_index(struct vault_view *v)
{
	v->by_tag = must_alloc((v->n + 1) * sizeof *v->by_tag);
	for (unsigned i = 0; i < v->n; i++)
		v->by_tag[i] = i;
	qsort_r(v->by_tag, v->n, sizeof *v->by_tag, compare_tags, v);
}

bool
vault_view_keep(struct vault *s, uint64_t tag)
{
	struct vault_view *v = &s->view;
	unsigned low = 0, high = v->n, mid, at;

	ASSERT(s->reading && tag != 0);
	if (v->by_tag == NULL)
		view_index(v);
	while (low < high) {
		mid = low + (high - low) / 2;
		if (v->raw[v->by_tag[mid]]->tag < tag)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == v->n || v->raw[v->by_tag[low]]->tag != tag)
		return false;
	low = v->by_tag[low];
	if (view_find(&s->next, v->object[low].name, &at) == NULL) {
		v->raw[low]->refs++;
		view_insert(&s->next, &v->object[low], v->raw[low]);
	}
	return true;
}

uint64_t
view_hash(const struct vault_view *v)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (unsigned i = 0; i < v->n; i++) {
		h = hash_add(h, v->object[i].name, strlen(v->object[i].name) + 1);
		h = hash_add(h, v->object[i].id, strlen(v->object[i].id) + 1);
		h = hash_add(h, &v->object[i].version, sizeof v->object[i].version);
	}
	return h;
}
