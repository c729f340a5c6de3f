/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/unit/varlink/calls.h"
#include "varlink/descriptions.h"

TEST(the_service_names_itself_and_its_interfaces)
{
	CHECK_STR(call("{'method':'org.varlink.service.GetInfo'}"),
		  "{'parameters': {'vendor': 'composefs-seal', 'product': "
		  "'cfsctl', 'version': '" CFS_VERSION "', 'url': '', "
		  "'interfaces': ['org.varlink.service', "
		  "'org.composefs.Repository', 'org.composefs.Oci']}}");
}

static const char *describe(const char *interface)
{
	char text[200];

	snprintf(text, sizeof(text),
		 "{'method':'org.varlink.service.GetInterfaceDescription',"
		 "'parameters':{'interface':'%s'}}",
		 interface);
	return call(text);
}

TEST(each_interface_is_described)
{
	CHECK(strstr(describe("org.varlink.service"),
		     "\\ninterface org.varlink.service\\n"));
	CHECK(strstr(describe("org.composefs.Repository"),
		     "\\ninterface org.composefs.Repository\\n"));
	CHECK_STR(describe("org.nothing"),
		  "{'error': 'org.varlink.service.InterfaceNotFound', "
		  "'parameters': {'interface': 'org.nothing'}}");
	cfs_varlink_service_free(&service);
	cfs_varlink_call_free(&last);
}
