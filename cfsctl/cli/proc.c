/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/proc.h"

#include <stdio.h>
#include <unistd.h>

void cmd_note_proc(void)
{
	if (access("/proc/self/fd", F_OK) < 0)
		fputs("note: /proc is not mounted here, which cfsctl needs: "
		      "mount -t proc proc /proc\n",
		      stderr);
}
