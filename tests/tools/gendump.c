/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * gendump SEED [ENTRIES]: a random dumpfile that mkcomposefs and cfsctl both
 * take, to standard output: at most ENTRIES (400) entries: nested directories,
 * odd names, hardlinks, whiteouts of one name and of several, inline files and
 * backing files of all sizes, xattrs that are shared and that are not, ACLs,
 * names of overlayfs.  The same seed gives the same bytes everywhere.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;
static int left = 400;	    /* entries that may still be made */
static char links[64][600]; /* paths that hardlinks may name */
static unsigned n_links;
static char whiteout[512]; /* the last one's path */

/* Source: Sebastiano Vigna, splitmix64. */
static uint64_t next(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static unsigned below(unsigned n)
{
	return (unsigned)(next() % n);
}

static void put_bytes(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		printf("\\x%02x", below(256));
}

static void put_hex(unsigned digits, uint64_t of)
{
	for (unsigned i = 0; i < digits; i++)
		printf("%x", (unsigned)(of >> i % 16 * 4 & 15));
}

static void put_times_and_owner(unsigned rdev)
{
	static const uint64_t ids[] = {
		0, 0, 0, 1000, 65535, 65536, 4294967294
	};

	printf(" %llu %llu %u", (unsigned long long)ids[below(7)],
	       (unsigned long long)ids[below(7)], rdev);
	if (below(3))
		printf(" 1000.0");
	else
		printf(" %u.%u", below(2) ? below(100000) : 1000 + below(9),
		       below(2) ? below(1000000000) : 0);
}

static void put_xattrs(void)
{
	static const char *const keys[] = {
		"user.a",
		"user.b",
		"trusted.t",
		"security.selinux",
		"security.capability",
		"system.posix_acl_access",
		"system.posix_acl_default",
		"trusted.overlay.origin",
		"trusted.overlay.overlay.x",
		"user.overlay.impure",
		"lustre.lov",
		"odd",
	};
	unsigned mask = below(3) ? 0 : (unsigned)next() & (unsigned)next();

	if (below(2))
		mask |= 8; /* a label */
	for (unsigned i = 0; i < 12; i++) {
		if (!(mask >> i & 1))
			continue;
		printf(" %s=", keys[i]);
		if (below(3))
			printf("v%u", below(4));
		else if (below(20))
			put_bytes(below(40));
		else
			put_bytes(below(3000));
	}
	putchar('\n');
}

static void put_file(const char *path)
{
	static const uint64_t sizes[] = { 1,
					  4096,
					  4097,
					  65,
					  100000,
					  1u << 31,
					  UINT64_C(1) << 32,
					  (UINT64_C(1) << 32) + 1,
					  UINT64_C(1) << 43 };
	unsigned kind = below(10), size;
	uint64_t digest = below(8) ? next() : below(4);

	if (kind < 2) {
		printf("%s 0 %o 1", path, 0100000 + below(01000));
		put_times_and_owner(0);
		printf(" - - -");
	} else if (kind < 5) {
		size = 1 + below(below(2) ? 64 : 512);
		printf("%s %u %o 1", path, size, 0100000 + below(010000));
		put_times_and_owner(0);
		printf(" - ");
		put_bytes(size);
		printf(" -");
	} else {
		printf("%s %llu 100644 1", path,
		       (unsigned long long)sizes[below(9)]);
		put_times_and_owner(0);
		putchar(' ');
		put_hex(2, digest);
		putchar('/');
		for (unsigned i = 2; i < 64; i++)
			printf("%x", (unsigned)(digest >> i % 16 * 4 & 15));
		printf(" - ");
		put_hex(64, digest);
	}
	put_xattrs();
}

static void put_other(const char *path)
{
	static const char *const modes[] = { "10644", "140600", "60660",
					     "20666" };
	unsigned kind = below(4);

	printf("%s 0 %s 1", path, modes[kind]);
	put_times_and_owner(kind < 2 ? 0 : 256 + below(1u << 20));
	printf(" - - -");
	put_xattrs();
}

static void put_link(const char *path)
{
	unsigned n = 1 + below(below(4) ? 40 : 1000);

	printf("%s %u 120777 1", path, n);
	put_times_and_owner(0);
	putchar(' ');
	for (unsigned i = 0; i < n; i++)
		putchar('a' + (int)below(26));
	printf(" - -");
	put_xattrs();
}

static void put_dir(const char *path, unsigned depth)
{
	unsigned n = below(3) ? below(12) : below(300);
	char name[512];

	for (unsigned i = 0; i < n && left > 0; i++, left--) {
		unsigned what = below(20);
		int len = snprintf(name, sizeof(name), "%s/%c", path,
				   "!+-.0AZ_az~"[i / 32 % 11]);

		for (unsigned k = below(below(6) ? 12 : 200);
		     k > 0 && len < 400; k--)
			name[len++] = "abcXYZ.-_+~!"[below(12)];
		len += snprintf(name + len, 8, "%03x", i);
		if (what < 3 && depth < 6) {
			printf("%s 0 %o 2", name, 040000 + below(01000));
			put_times_and_owner(0);
			printf(" - - -");
			put_xattrs();
			put_dir(name, depth + 1);
		} else if (what == 3) {
			put_link(name);
		} else if (what == 4) {
			put_other(name);
		} else if (what == 5 && state % 3 == 0) {
			printf("%s 0 20644 1", name);
			put_times_and_owner(0);
			printf(" - - -");
			put_xattrs();
			memcpy(whiteout, name, sizeof(name));
		} else if (what == 5 && whiteout[0]) {
			printf("%s 0 @20644 - - - - 0.0 %s - -\n", name,
			       whiteout);
		} else if (what == 6 && n_links > 0) {
			printf("%s 0 @100644 - - - - 0.0 %s - -\n", name,
			       links[below(n_links)]);
		} else {
			put_file(name);
			if (n_links < 64 && below(10) == 0)
				snprintf(links[n_links++], sizeof(links[0]),
					 "%s", name);
		}
	}
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	state = strtoull(argv[1], NULL, 10) * 1000003;
	if (argc > 2)
		left = atoi(argv[2]);
	printf("/ 0 40755 2");
	put_times_and_owner(0);
	printf(" - - -");
	put_xattrs();
	put_dir("", 0);
	return 0;
}
