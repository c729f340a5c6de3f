/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The rounds of SHA-2 for words of any type: integers, or vectors with a word
 * of a different message in each lane.  A file that includes this header
 * defines how to calculate with its words, as macros with a common prefix OP:
 *
 *   OP_ADD(a, b) OP_ROR(x, n) OP_SHR(x, n) OP_SET(k)
 *   OP_XOR3(a, b, c) OP_CH(e, f, g) OP_MAJ(a, b, c)
 *
 * and has the state in v[8] and 16 words of the message in w[16].  All indexes
 * are constants once expanded, so that both stay in registers.
 *
 * Source: FIPS 180-4, 6.2.2 and 6.4.2.
 */
#ifndef CFS_FSVERITY_SHA_ROUNDS_H
#define CFS_FSVERITY_SHA_ROUNDS_H

/* Unrolls the following loop over registers, which cannot be indexed. */
#ifdef __clang__
#define CFS_UNROLL _Pragma("unroll")
#else
#define CFS_UNROLL _Pragma("GCC unroll 16")
#endif

/* In each round, the eight words of the state move up one place.  Here the
 * words stay, and their names move: word @n of round @i. */
#define CFS_SHA_V(n, i) v[((n) - (i)) & 7]

#define CFS_SHA_ROTATIONS(OP, x, a, b, c) \
	OP##_XOR3(OP##_ROR(x, a), OP##_ROR(x, b), OP##_ROR(x, c))
#define CFS_SHA_SHIFTED(OP, x, a, b, c) \
	OP##_XOR3(OP##_ROR(x, a), OP##_ROR(x, b), OP##_SHR(x, c))

/* Replaces w[i], which is used up, by the word of the schedule 16 rounds on. */
#define CFS_SHA_EXPAND(OP, i, s0, s1)                          \
	w[(i)] = OP##_ADD(OP##_ADD(w[(i)], w[((i) + 9) & 15]), \
			  OP##_ADD(s0(OP, w[((i) + 1) & 15]),  \
				   s1(OP, w[((i) + 14) & 15])))

/* One round: only two words of the state get new values. */
#define CFS_SHA_STEP(OP, i, k, s0, s1)                                         \
	do {                                                                   \
		__typeof__(w[0]) t = OP##_ADD(                                 \
			OP##_ADD(CFS_SHA_V(7, i), s1(OP, CFS_SHA_V(4, i))),    \
			OP##_ADD(OP##_CH(CFS_SHA_V(4, i), CFS_SHA_V(5, i),     \
					 CFS_SHA_V(6, i)),                     \
				 OP##_ADD(w[(i)], OP##_SET(k))));              \
                                                                               \
		CFS_SHA_V(3, i) = OP##_ADD(CFS_SHA_V(3, i), t);                \
		CFS_SHA_V(7, i) = OP##_ADD(                                    \
			t, OP##_ADD(s0(OP, CFS_SHA_V(0, i)),                   \
				    OP##_MAJ(CFS_SHA_V(0, i), CFS_SHA_V(1, i), \
					     CFS_SHA_V(2, i))));               \
	} while (0)

#define CFS_SHA256_BIG0(OP, x)	 CFS_SHA_ROTATIONS(OP, x, 2, 13, 22)
#define CFS_SHA256_BIG1(OP, x)	 CFS_SHA_ROTATIONS(OP, x, 6, 11, 25)
#define CFS_SHA256_SMALL0(OP, x) CFS_SHA_SHIFTED(OP, x, 7, 18, 3)
#define CFS_SHA256_SMALL1(OP, x) CFS_SHA_SHIFTED(OP, x, 17, 19, 10)
#define CFS_SHA512_BIG0(OP, x)	 CFS_SHA_ROTATIONS(OP, x, 28, 34, 39)
#define CFS_SHA512_BIG1(OP, x)	 CFS_SHA_ROTATIONS(OP, x, 14, 18, 41)
#define CFS_SHA512_SMALL0(OP, x) CFS_SHA_SHIFTED(OP, x, 1, 8, 7)
#define CFS_SHA512_SMALL1(OP, x) CFS_SHA_SHIFTED(OP, x, 19, 61, 6)

#define CFS_SHA256_K cfs_sha256_k
#define CFS_SHA512_K cfs_sha512_k

#define CFS_SHA_FIRST(OP, SHA, i)                                 \
	CFS_SHA_STEP(OP, i, CFS_##SHA##_K[(i)], CFS_##SHA##_BIG0, \
		     CFS_##SHA##_BIG1)
#define CFS_SHA_LATER(OP, SHA, i)                                      \
	CFS_SHA_EXPAND(OP, i, CFS_##SHA##_SMALL0, CFS_##SHA##_SMALL1); \
	CFS_SHA_STEP(OP, i, CFS_##SHA##_K[r + (i)], CFS_##SHA##_BIG0,  \
		     CFS_##SHA##_BIG1)

#define CFS_SHA_FOUR(X, OP, SHA, i) \
	do {                        \
		X(OP, SHA, i);      \
		X(OP, SHA, i + 1);  \
		X(OP, SHA, i + 2);  \
		X(OP, SHA, i + 3);  \
	} while (0)

#define CFS_SHA_SIXTEEN(X, OP, SHA)           \
	do {                                  \
		CFS_SHA_FOUR(X, OP, SHA, 0);  \
		CFS_SHA_FOUR(X, OP, SHA, 4);  \
		CFS_SHA_FOUR(X, OP, SHA, 8);  \
		CFS_SHA_FOUR(X, OP, SHA, 12); \
	} while (0)

/* All rounds of one block; SHA is SHA256 or SHA512. */
#define CFS_SHA_ROUNDS(OP, SHA, rounds)                          \
	do {                                                     \
		CFS_SHA_SIXTEEN(CFS_SHA_FIRST, OP, SHA);         \
		for (size_t r = 16; r < (rounds); r += 16)       \
			CFS_SHA_SIXTEEN(CFS_SHA_LATER, OP, SHA); \
	} while (0)

#endif
