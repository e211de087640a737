/*
 * admin_writes: what POST changes. Who may write, access_check.c has decided.
 */
#include "admin/admin_priv.h"
#include "admin/pending.h"
#include "admin/reply.h"
#include "certs/certs.h"
#include "targets/target.h"

static void
post_target(struct admin *a, struct request *req, bool withdraw)
{
	struct str body = request_body(req);
	json_t *j = json_loadb(body.len > 0 ? body.p : "", body.len, JSON_REJECT_DUPLICATES, NULL);
	json_t *done = NULL;
	const char *name = json_string_value(json_object_get(j, "target"));
	const json_t *dry = json_object_get(j, "dry_run");

	if (name == NULL || (dry != NULL && !(withdraw && json_is_boolean(dry)))) {
		reply_error(req, 400, withdraw ?
		    "expected {\"target\": NAME}, and dry_run: true or false if it matters" :
		    "expected {\"target\": NAME}", NULL);
		json_decref(j);
		return;
	}
	if (a->conf.targets != NULL)
		done = withdraw ? targets_withdraw(a->conf.targets, name, json_is_true(dry)) :
		    targets_resume(a->conf.targets, name);
	if (done == NULL)
		reply_absent(req, "target", name);
	else
		reply_json(req, 200, done, NULL);
	json_decref(j);
}

void
post_withdraw(struct admin *a, struct request *req)
{
	post_target(a, req, true);
}

void
post_resume(struct admin *a, struct request *req)
{
	post_target(a, req, false);
}

/* What is asked for takes as long as a CA does: the response says that it has begun. */
static void
post_certificate(struct admin *a, struct request *req, bool renew)
{
	struct str body = request_body(req);
	json_t *j = json_loadb(body.len > 0 ? body.p : "", body.len, JSON_REJECT_DUPLICATES, NULL);
	const char *name = json_string_value(json_object_get(j, "certificate"));
	char detail[CERTS_DETAIL_MAX] = "";
	int status;

	if (name == NULL)
		reply_error(req, 400, "expected {\"certificate\": NAME}", NULL);
	else if (a->conf.certs == NULL)
		reply_absent(req, "certificate", name);
	else {
		status = renew ? certs_renew(a->conf.certs, name, detail) :
		    certs_act_remove(a->conf.certs, name, detail);
		if (status == 404)
			reply_absent(req, "certificate", name);
		else if (status != 0)
			reply_error(req, status, detail, NULL);
		else
			reply_json(req, 202, json_pack("{s:s, s:s}", "certificate", name, "state",
			    renew ? "renewing" : "removing"), NULL);
	}
	json_decref(j);
}

void
post_renew(struct admin *a, struct request *req)
{
	post_certificate(a, req, true);
}

void
post_remove(struct admin *a, struct request *req)
{
	post_certificate(a, req, false);
}

static void
drain_node(struct admin *a, struct request *req, const char *name, bool drain)
{
	struct world_node *n = world_node(a->conf.world, str_of(name));
	uint64_t serial;

	if (n == NULL) {
		reply_absent(req, "node", name);
		return;
	}
	serial = a->conf.drain_node(a->conf.arg, n, drain);
	pending_reply(a->pending, req, serial,
	    json_pack("{s:s, s:b}", "node", n->name, "drain", n->drained));
}

static void
drain_task(struct admin *a, struct request *req, const char *name, bool drain)
{
	struct world_task *t = world_task(a->conf.world, str_of(name));
	uint64_t serial;

	if (t == NULL)
		reply_absent(req, "task", name);
	else if (a->conf.drain_task == NULL)
		reply_error(req, 501, "tasks cannot be drained here", NULL);
	else {
		serial = a->conf.drain_task(a->conf.arg, t, drain);
		pending_reply(a->pending, req, serial,
		    json_pack("{s:s, s:b}", "task", t->name, "drain", t->drained));
	}
}

void
post_drain(struct admin *a, struct request *req)
{
	struct str body = request_body(req);
	json_t *j = json_loadb(body.len > 0 ? body.p : "", body.len, JSON_REJECT_DUPLICATES, NULL);
	const char *node = json_string_value(json_object_get(j, "node"));
	const char *task = json_string_value(json_object_get(j, "task"));
	const json_t *drain = json_object_get(j, "drain");

	if (!json_is_boolean(drain) || (node == NULL) == (task == NULL))
		reply_error(req, 400, "expected {\"node\": NAME, \"drain\": true or false}, "
		    "or the same with \"task\"", NULL);
	else if (node != NULL)
		drain_node(a, req, node, json_is_true(drain));
	else
		drain_task(a, req, task, json_is_true(drain));
	json_decref(j);
}
