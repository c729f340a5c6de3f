/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* org.varlink.service: what the service is and what it offers. */
#include <string.h>

#include "varlink/descriptions.h"
#include "varlink/service.h"

static int get_info(struct cfs_varlink_service *service,
		    struct cfs_varlink_call *call, struct cfs_err *err)
{
	struct cfs_json_writer *w = &call->reply;

	(void)service;
	(void)err;
	cfs_varlink_reply(call);
	cfs_json_write_text(w, "vendor", "composefs-seal");
	cfs_json_write_text(w, "product", "cfsctl");
	cfs_json_write_text(w, "version", CFS_VERSION);
	cfs_json_write_text(w, "url", "");
	cfs_json_write_array(w, "interfaces", CFS_JSON_ONE_LINE);
	for (size_t i = 0; cfs_varlink_interfaces[i]; i++)
		cfs_json_write_text(w, NULL, cfs_varlink_interfaces[i]->name);
	cfs_json_write_end(w);
	return 0;
}

static int get_description(struct cfs_varlink_service *service,
			   struct cfs_varlink_call *call, struct cfs_err *err)
{
	const char *name = call->value[0].text;

	(void)service;
	(void)err;
	for (size_t i = 0; cfs_varlink_interfaces[i]; i++) {
		if (strcmp(cfs_varlink_interfaces[i]->name, name) != 0)
			continue;
		cfs_varlink_reply(call);
		cfs_json_write_text(&call->reply, "description",
				    cfs_varlink_interfaces[i]->description);
		return 0;
	}
	return cfs_varlink_refuse_text(call, "InterfaceNotFound", "interface",
				       name);
}

static const struct cfs_varlink_parameter description_parameters[] = {
	{ "interface", CFS_VARLINK_STRING },
	{ 0 },
};

static const struct cfs_varlink_method methods[] = {
	{ .name = "GetInfo", .run = get_info },
	{ .name = "GetInterfaceDescription",
	  .parameters = description_parameters,
	  .run = get_description },
	{ 0 },
};

const struct cfs_varlink_interface cfs_varlink_org_varlink_service = {
	.name = "org.varlink.service",
	.description = cfs_varlink_service_description,
	.methods = methods,
};
