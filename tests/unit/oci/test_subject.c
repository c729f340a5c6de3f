/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/subject.h"

#include <string.h>

#include "tests/test.h"

#define ID \
	"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

TEST(the_name_of_an_artifact_says_which_image_it_is_about)
{
	char subject[CFS_CONTENT_ID_MAX];

	CHECK(cfs_oci_subject("oci-referrers/" ID "/" ID, subject));
	CHECK(strcmp(subject, "oci-manifest-" ID) == 0);
}

/* They are names like others, and keep what they lead to. */
TEST(other_names_are_about_nothing)
{
	static const char *const others[] = {
		"oci/" ID,
		"oci-referrers",
		"oci-referrers/" ID,
		"oci-referrers/x/" ID,
		"oci-referrers/" ID "/a/b",
		"oci-referrers//" ID,
		"a/oci-referrers/" ID "/" ID,
	};
	char subject[CFS_CONTENT_ID_MAX];

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CHECK(!cfs_oci_subject(others[i], subject));
}
