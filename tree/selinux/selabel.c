/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/selinux/selabel.h"

#include <string.h>

#include "tree/arena.h"
#include "tree/selinux/libpcre2.h"
#include "tree/table.h"

/*
 * Steps that a match may take, and its cost.  A match that needs more than one
 * level allows is repeated with the next one, since PCRE2 does not say how
 * many it took.  Of five million matches of Debian's policy (5677 rules) with
 * the files of a system one needs more than the first.
 */
static const struct {
	uint32_t steps, cost;
} levels[] = {
	{ 250, 1 },
	{ 10000, 40 },
	{ 1000000, 4000 },
};

/* A step may look at the whole path; longer ones cost more. */
#define STEP_BYTES 256

/* Levels for narrowing a scope: it may keep a rule that does not match. */
#define NARROW_LEVELS 1

/* KiB of memory for a match. */
#define HEAP_MAX 4096

/*
 * Cost that a policy may have in all, and in addition for each of its rules and
 * each file that it is matched with: ten times what Debian's policy costs a
 * small tree, and a whole system.  A million takes a few seconds at most.
 */
#define BUDGET		UINT64_C(1000000)
#define BUDGET_PER_RULE UINT64_C(200)
#define BUDGET_PER_FILE UINT64_C(200)

/* Bytes that all compiled expressions may have: one of 40 letters can take
 * 60 KB.  Policies of systems need a few million. */
#define CODE_MAX (UINT64_C(256) << 20)

/* Translating an expression to machine code costs this and its length. */
#define TRANSLATION 100

/* An expression tried this often is worth being translated to machine code. */
#define OFTEN 32

/* '.' also matches a newline, and '$' only the very end.  File names are bytes,
 * so expressions may not turn on UTF-8. */
#define REGEX_OPTIONS                                           \
	(PCRE2_ANCHORED | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | \
	 PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C)

#define BLANKS " \t\r\v\f"

struct rule {
	pcre2_code *code;    /* owned */
	const char *context; /* NULL: <<none>> */
	const char *regex;   /* as written */
	const char *file;    /* where it stands */
	size_t line;
	unsigned tried;
	uint64_t cost; /* so far */
};

struct alias {
	struct cfs_bytes path;
	const char *original;
};

struct cfs_selabel {
	struct cfs_arena arena;
	CFS_VEC(struct rule) rules;
	struct cfs_table aliases;
	pcre2_compile_context *compile;
	pcre2_match_context *match;
	pcre2_match_data *data;
	uint32_t steps;		/* that a match may take now */
	uint64_t spent, budget; /* by all rules */
	uint64_t code;		/* bytes that the rules' take */
};

static uint64_t alias_hash(const void *entry)
{
	const struct alias *alias = entry;

	return cfs_table_hash(alias->path.data, alias->path.len, 0);
}

static bool same_path(const void *entry, const void *key)
{
	const struct alias *a = entry, *b = key;

	return a->path.len == b->path.len &&
	       memcmp(a->path.data, b->path.data, a->path.len) == 0;
}

int cfs_selabel_new(struct cfs_selabel **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_selabel_free)
	struct cfs_selabel *policy = NULL;
	int r = cfs_libpcre2_load(err);

	if (r < 0)
		return r;
	policy = calloc(1, sizeof(*policy));
	if (!policy)
		return cfs_no_memory(err);
	policy->aliases.hash_of = alias_hash;
	cfs_selabel_allow(policy, 0);
	policy->compile = pcre2_compile_context_create(NULL);
	policy->match = pcre2_match_context_create(NULL);
	policy->data = pcre2_match_data_create(1, NULL);
	if (!policy->compile || !policy->match || !policy->data ||
	    !cfs_table_reserve(&policy->aliases))
		return cfs_no_memory(err);
	pcre2_set_max_pattern_length(policy->compile, CFS_SELABEL_REGEX_MAX);
	pcre2_set_heap_limit(policy->match, HEAP_MAX);
	*ret = cfs_steal_ptr(&policy);
	return 0;
}

void cfs_selabel_allow(struct cfs_selabel *policy, uint32_t files)
{
	policy->budget = BUDGET + files * BUDGET_PER_FILE +
			 policy->rules.n * BUDGET_PER_RULE;
}

void cfs_selabel_free(struct cfs_selabel *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->rules.n; i++)
		pcre2_code_free(policy->rules.v[i].code);
	cfs_vec_free(&policy->rules);
	cfs_table_free(&policy->aliases);
	cfs_arena_free(&policy->arena);
	pcre2_match_data_free(policy->data);
	pcre2_match_context_free(policy->match);
	pcre2_compile_context_free(policy->compile);
	free(policy);
}

/* One line of a policy file in words; none when it is blank or a comment. */
struct line {
	const char *file; /* the policy's */
	size_t number;
	size_t n;
	char *word[4];
};

/* Takes the next line off *@rest.  Returns false when there is none. */
static bool next_line(char **rest, struct line *line)
{
	char *text = strsep(rest, "\n"), *save = NULL;

	if (!text)
		return false;
	line->number++;
	line->n = 0;
	for (char *word = strtok_r(text, BLANKS, &save);
	     word && line->n < 4 && (line->n > 0 || *word != '#');
	     word = strtok_r(NULL, BLANKS, &save))
		line->word[line->n++] = word;
	return true;
}

/* A copy of @text to be taken apart. */
static int copy_text(struct cfs_selabel *policy, struct cfs_bytes text,
		     char **ret, struct cfs_err *err)
{
	if (text.len > 0 && memchr(text.data, '\0', text.len))
		return cfs_fail(err, EINVAL, "a NUL in it");
	*ret = cfs_arena_dup(&policy->arena, text.data, text.len);
	return *ret ? 0 : cfs_no_memory(err);
}

/* A file's type is appended to its path as a letter, both in the pattern and in
 * the key that it is matched with; '.' matches any type. */
static int compile(struct cfs_selabel *policy, const char *regex, char type,
		   pcre2_code **ret, struct cfs_err *err)
{
	char pattern[CFS_SELABEL_REGEX_MAX + 8];
	int n = snprintf(pattern, sizeof(pattern), "^(%s)%c$", regex, type);
	PCRE2_SIZE where;
	char why[120];
	int code;

	if (n >= CFS_SELABEL_REGEX_MAX)
		return cfs_fail(err, E2BIG, "an expression of over %d bytes",
				CFS_SELABEL_REGEX_MAX);
	*ret = pcre2_compile((PCRE2_SPTR)pattern, (PCRE2_SIZE)n, REGEX_OPTIONS,
			     &code, &where, policy->compile);
	if (*ret)
		return 0;
	if (pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof(why)) < 0)
		snprintf(why, sizeof(why), "error %d", code);
	return cfs_fail(err, EINVAL, "expression %.200s: %s", regex, why);
}

/* Counts what @rule takes: PCRE2_INFO_SIZE, or what its translation does. */
static void weigh(struct cfs_selabel *policy, const struct rule *rule,
		  uint32_t what)
{
	size_t size = 0;

	(void)pcre2_pattern_info(rule->code, what, &size);
	policy->code += size;
}

static int add_rule(struct cfs_selabel *policy, const struct line *line,
		    struct cfs_err *err)
{
	const char *type = line->n > 1 ? line->word[1] : "";
	bool typed = type[0] == '-';
	struct rule rule = { .regex = line->word[0],
			     .file = line->file,
			     .line = line->number };
	int r;

	if (typed && (!type[1] || type[2] || !strchr("bcdpls-", type[1])))
		return cfs_fail(err, EINVAL,
				"%.20s is no type of file: one of -b -c -d -p "
				"-l -s --",
				type);
	if (line->n != (typed ? 3 : 2))
		return cfs_fail(err, EINVAL,
				"expected an expression, perhaps a type, and a "
				"context");
	if (policy->rules.n >= CFS_SELABEL_RULES_MAX)
		return cfs_fail(err, E2BIG, "over %d rules",
				CFS_SELABEL_RULES_MAX);
	rule.context = line->word[line->n - 1];
	if (strcmp(rule.context, "<<none>>") == 0)
		rule.context = NULL;
	if (!cfs_vec_reserve(&policy->rules, 1))
		return cfs_no_memory(err);
	r = compile(policy, rule.regex, typed ? type[1] : '.', &rule.code, err);
	if (r < 0)
		return r;
	policy->rules.v[policy->rules.n++] = rule;
	weigh(policy, &rule, PCRE2_INFO_SIZE);
	if (policy->code > CODE_MAX)
		return cfs_fail(err, E2BIG,
				"the expressions take over %u MiB of memory",
				(unsigned)(CODE_MAX >> 20));
	return 0;
}

static int add_alias(struct cfs_selabel *policy, const struct line *line,
		     struct cfs_err *err)
{
	struct alias *alias = cfs_arena_alloc(&policy->arena, sizeof(*alias));
	const void **slot;

	if (!alias || !cfs_table_reserve(&policy->aliases))
		return cfs_no_memory(err);
	if (line->n != 2)
		return cfs_fail(err, EINVAL, "expected two paths");
	alias->path = (struct cfs_bytes){ (const uint8_t *)line->word[0],
					  strlen(line->word[0]) };
	alias->original = line->word[1];
	slot = cfs_table_slot(&policy->aliases, alias_hash(alias), same_path,
			      alias);
	if (*slot)
		*slot = alias;
	else
		cfs_table_fill(&policy->aliases, slot, alias);
	return 0;
}

/* Gives each line of @text that is not empty to @add. */
static int add_lines(struct cfs_selabel *policy, const char *file,
		     struct cfs_bytes text,
		     int (*add)(struct cfs_selabel *policy,
				const struct line *line, struct cfs_err *err),
		     struct cfs_err *err)
{
	struct line line = { .file = cfs_arena_dup(&policy->arena, file,
						   strlen(file)) };
	char *rest;
	int r = copy_text(policy, text, &rest, err);

	if (!line.file)
		return cfs_no_memory(err);
	while (r == 0 && next_line(&rest, &line))
		if (line.n > 0)
			r = add(policy, &line, err);
	if (r < 0 && line.number)
		(void)cfs_ctx(err, "line %zu", line.number);
	return r < 0 ? cfs_ctx(err, "%s", file) : 0;
}

int cfs_selabel_add(struct cfs_selabel *policy, const char *file,
		    struct cfs_bytes text, struct cfs_err *err)
{
	return add_lines(policy, file, text, add_rule, err);
}

int cfs_selabel_add_aliases(struct cfs_selabel *policy, const char *file,
			    struct cfs_bytes text, struct cfs_err *err)
{
	return add_lines(policy, file, text, add_alias, err);
}

const char *cfs_selabel_alias(const struct cfs_selabel *policy,
			      struct cfs_bytes path)
{
	const struct alias key = { .path = path }, *found;

	found = *cfs_table_slot(&policy->aliases, alias_hash(&key), same_path,
				&key);
	return found ? found->original : NULL;
}

void cfs_selabel_scope_free(struct cfs_selabel_scope *scope)
{
	cfs_vec_free(scope);
}

int cfs_selabel_all(const struct cfs_selabel *policy,
		    struct cfs_selabel_scope *ret, struct cfs_err *err)
{
	struct cfs_selabel_scope all = { 0 };

	for (size_t i = policy->rules.n; i-- > 0;)
		(void)cfs_vec_add(&all, (uint32_t)i);
	if (cfs_vec_check(&all, err) < 0) {
		cfs_selabel_scope_free(&all);
		return -err->code;
	}
	*ret = all;
	return 0;
}

static void charge(struct cfs_selabel *policy, struct rule *rule, uint64_t cost)
{
	rule->cost += cost;
	policy->spent += cost;
}

/* If there is no translator for this machine, or no memory for it, matching is
 * merely slower. */
static void translate(struct cfs_selabel *policy, struct rule *rule)
{
	charge(policy, rule, TRANSLATION + strlen(rule->regex));
	if (policy->code > CODE_MAX)
		return;
	(void)pcre2_jit_compile(rule->code,
				PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD);
	weigh(policy, rule, PCRE2_INFO_JITSIZE);
}

/* PCRE2's answer for @rule and @text within the steps that are set. */
static int match(struct cfs_selabel *policy, const struct rule *rule,
		 struct cfs_bytes text, uint32_t how)
{
	int r = pcre2_match(rule->code, text.data, text.len, 0, how,
			    policy->data, policy->match);

	/* The translated code's stack is small, the interpreter's grows to
	 * HEAP_MAX. */
	if (r == PCRE2_ERROR_JIT_STACKLIMIT)
		r = pcre2_match(rule->code, text.data, text.len, 0,
				how | PCRE2_NO_JIT, policy->data,
				policy->match);
	return r;
}

/* match() within the steps of at most the first @n levels. */
static int try(struct cfs_selabel *policy, struct rule *rule,
	       struct cfs_bytes text, uint32_t how, size_t n)
{
	int r = PCRE2_ERROR_MATCHLIMIT;

	if (++rule->tried == OFTEN)
		translate(policy, rule);
	for (size_t i = 0; i < n && r == PCRE2_ERROR_MATCHLIMIT; i++) {
		if (policy->steps != levels[i].steps) {
			policy->steps = levels[i].steps;
			pcre2_set_match_limit(policy->match, policy->steps);
		}
		charge(policy, rule, levels[i].cost + text.len / STEP_BYTES);
		r = match(policy, rule, text, how);
	}
	return r;
}

/* The rule that cost most is the one to change. */
static int too_expensive(const struct cfs_selabel *policy, struct cfs_err *err)
{
	const struct rule *rules = policy->rules.v, *most = rules;

	for (size_t i = 0; i < policy->rules.n; i++)
		most = rules[i].cost > most->cost ? &rules[i] : most;
	return cfs_fail(err, E2BIG,
			"matching files with the SELinux policy takes too "
			"long, most of it for %s: line %zu: expression %.200s",
			most->file, most->line, most->regex);
}

int cfs_selabel_narrow(struct cfs_selabel *policy,
		       const struct cfs_selabel_scope *above,
		       struct cfs_bytes prefix, struct cfs_selabel_scope *ret,
		       struct cfs_err *err)
{
	struct cfs_selabel_scope scope = { 0 };

	for (size_t i = 0; i < above->n; i++) {
		/* "No" is the one answer that more text cannot change. */
		if (try(policy, &policy->rules.v[above->v[i]], prefix,
			PCRE2_PARTIAL_HARD,
			NARROW_LEVELS) != PCRE2_ERROR_NOMATCH)
			(void)cfs_vec_add(&scope, above->v[i]);
	}
	if (cfs_vec_check(&scope, err) < 0 ||
	    (policy->spent > policy->budget &&
	     too_expensive(policy, err) < 0)) {
		cfs_selabel_scope_free(&scope);
		return -err->code;
	}
	*ret = scope;
	return 0;
}

int cfs_selabel_find(struct cfs_selabel *policy,
		     const struct cfs_selabel_scope *scope,
		     struct cfs_bytes key, const char **ret,
		     struct cfs_err *err)
{
	for (size_t i = 0; i < scope->n; i++) {
		struct rule *rule = &policy->rules.v[scope->v[i]];
		int r = try(policy, rule, key, 0, CFS_ARRAY_SIZE(levels));

		if (policy->spent > policy->budget)
			return too_expensive(policy, err);
		if (r == PCRE2_ERROR_NOMATCH)
			continue;
		if (r == PCRE2_ERROR_NOMEMORY)
			return cfs_no_memory(err);
		if (r < 0)
			return cfs_fail(err, EINVAL,
					"%s: line %zu: expression %.200s takes "
					"too long",
					rule->file, rule->line, rule->regex);
		if (!rule->context)
			return 0;
		*ret = rule->context;
		return 1;
	}
	return 0;
}
