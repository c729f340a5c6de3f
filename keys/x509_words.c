/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/x509_words.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "keys/der.h"

/* Source: X.680, 8.6. */
#define UTF8_STRING	 0x0c
#define PRINTABLE_STRING 0x13
#define IA5_STRING	 0x16
#define UTC_TIME	 0x17
#define GENERALIZED_TIME 0x18

#define PARTS_MAX 16 /* of a name */

struct part {
	const char *type;
	struct cfs_bytes value;
};

/* Source: RFC 4519, section 2: 2.5.4.x; the names are libcrypto's. */
static const char *type_of(struct cfs_bytes oid)
{
	if (oid.len != 3 || oid.data[0] != 0x55 || oid.data[1] != 0x04)
		return NULL;
	switch (oid.data[2]) {
	case 3:
		return "CN";
	case 6:
		return "C";
	case 7:
		return "L";
	case 8:
		return "ST";
	case 10:
		return "O";
	case 11:
		return "OU";
	default:
		return NULL;
	}
}

/* Is each byte of @value one that is written as it is? */
static bool is_plain(struct cfs_bytes value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = (char)value.data[i];
		bool inner = i > 0 && i + 1 < value.len;

		if ((c < '0' || c > '9') && (c < 'A' || c > 'Z') &&
		    (c < 'a' || c > 'z') && (c != ' ' || !inner) &&
		    (c == '\0' || !strchr("-._:/@()", c)))
			return false;
	}
	return value.len > 0;
}

static bool take_string(struct cfs_bytes *in, struct cfs_bytes *ret)
{
	return cfs_der_take(in, UTF8_STRING, ret, NULL) ||
	       cfs_der_take(in, PRINTABLE_STRING, ret, NULL) ||
	       cfs_der_take(in, IA5_STRING, ret, NULL);
}

/* Source: RFC 5280, 4.1.2.4: a set of attributes, here of one. */
static bool take_part(struct cfs_bytes *in, struct part *ret)
{
	struct cfs_bytes set, attribute, oid;

	if (!cfs_der_take(in, CFS_DER_SET, &set, NULL) ||
	    !cfs_der_take(&set, CFS_DER_SEQUENCE, &attribute, NULL) ||
	    set.len || !cfs_der_take(&attribute, CFS_DER_OID, &oid, NULL) ||
	    !take_string(&attribute, &ret->value) || attribute.len)
		return false;
	ret->type = type_of(oid);
	return ret->type && is_plain(ret->value);
}

bool cfs_x509_name_words(struct cfs_bytes der, char *ret, size_t size)
{
	struct part parts[PARTS_MAX];
	struct cfs_bytes in;
	size_t n = 0, len = 0;

	if (!cfs_der_take(&der, CFS_DER_SEQUENCE, &in, NULL) || der.len)
		return false;
	for (; in.len; n++)
		if (n == PARTS_MAX || !take_part(&in, &parts[n]))
			return false;
	if (n == 0)
		return false;
	while (n-- > 0 && len < size)
		len += (size_t)snprintf(ret + len, size - len, "%s=%.*s%s",
					parts[n].type, (int)parts[n].value.len,
					(const char *)parts[n].value.data,
					n > 0 ? "," : "");
	return len < size;
}

/* Two digits at @text. */
static int pair(const uint8_t *text)
{
	return (text[0] - '0') * 10 + text[1] - '0';
}

/* "YYMMDDHHMMSSZ", of the years 1950 to 2049, or with YYYY. */
static bool read_time(struct cfs_bytes text, bool four, struct tm *ret)
{
	size_t len = four ? 14 : 12;
	const uint8_t *p = text.data;

	if (text.len != len + 1 || p[len] != 'Z')
		return false;
	for (size_t i = 0; i < len; i++)
		if (p[i] < '0' || p[i] > '9')
			return false;
	ret->tm_year = pair(p);
	if (four)
		ret->tm_year = (ret->tm_year - 19) * 100 + pair(p += 2);
	else if (ret->tm_year < 50)
		ret->tm_year += 100;
	ret->tm_mon = pair(p + 2) - 1;
	ret->tm_mday = pair(p + 4);
	ret->tm_hour = pair(p + 6);
	ret->tm_min = pair(p + 8);
	ret->tm_sec = pair(p + 10);
	return true;
}

/* Seconds from 1970 to @tm.  Years are counted from March on, so that a leap
 * day is the last day of its year; five months from there have 153 days. */
static int64_t seconds(const struct tm *tm)
{
	int64_t year = tm->tm_year + 1900 - (tm->tm_mon < 2);
	int64_t month = (tm->tm_mon + 10) % 12;
	int64_t days = year * 365 + year / 4 - year / 100 + year / 400 +
		       (month * 153 + 2) / 5 + tm->tm_mday - 1 - 719468;

	return ((days * 24 + tm->tm_hour) * 60 + tm->tm_min) * 60 + tm->tm_sec;
}

static bool is_date(const struct tm *tm)
{
	int year = tm->tm_year + 1900;
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	static const int days[] = { 31, 28, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31 };

	return year >= 1 && tm->tm_mon >= 0 && tm->tm_mon < 12 &&
	       tm->tm_mday >= 1 &&
	       tm->tm_mday <= days[tm->tm_mon] + (leap && tm->tm_mon == 1) &&
	       tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec < 60;
}

bool cfs_x509_time_words(struct cfs_bytes der,
			 char ret[static CFS_X509_TIME_MAX], int64_t *ret_time)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
					      "May", "Jun", "Jul", "Aug",
					      "Sep", "Oct", "Nov", "Dec" };
	struct cfs_bytes text;
	struct tm tm = { 0 };

	if (cfs_der_take(&der, UTC_TIME, &text, NULL)) {
		if (!read_time(text, false, &tm))
			return false;
	} else if (!cfs_der_take(&der, GENERALIZED_TIME, &text, NULL) ||
		   !read_time(text, true, &tm)) {
		return false;
	}
	if (!is_date(&tm))
		return false;
	snprintf(ret, CFS_X509_TIME_MAX, "%s %2d %02d:%02d:%02d %d GMT",
		 months[tm.tm_mon], tm.tm_mday, tm.tm_hour, tm.tm_min,
		 tm.tm_sec, tm.tm_year + 1900);
	*ret_time = seconds(&tm);
	return true;
}
