/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The key calls of libkeyutils without a kernel.  Answers are what the test
 * says; signatures are computed for real, by libcrypto.
 */
#ifndef CFS_TESTS_FAKE_KEYUTILS_H
#define CFS_TESTS_FAKE_KEYUTILS_H

#include <keyutils.h>

#define FAKE_RING 4711 /* serial number of .fs-verity */

extern struct fake_keys {
	int find_errno;		 /* 0: FAKE_RING is found */
	const char *description; /* of FAKE_RING; NULL: as a kernel has it */
	key_perm_t perm;	 /* of FAKE_RING, 0 as the kernel makes it */
	int add_errno;
	int read_errno;
	int restrict_errno;
	int setperm_errno;
	int verify_errno; /* not 0: answered before any computing */
	int lose; /* so many of the next keys do not stay in FAKE_RING */
	const char *stranger; /* FAKE_RING holds one more key, called so */
	/* what happened */
	unsigned added;	   /* keys in FAKE_RING */
	unsigned borrowed; /* keys in the process keyring, now */
	unsigned verified; /* signatures that were to be verified */
	int restricted;
	char verify_info[64]; /* of the last verification */
} fake_keys;

/* No answers are set, and FAKE_RING is empty. */
void fake_keys_reset(void);

#endif
