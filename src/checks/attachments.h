/*
 * attachments: what the site says of extensions, for whoever opens the reader of attachments.
 */
#ifndef EM_CHECKS_ATTACHMENTS_H
#define EM_CHECKS_ATTACHMENTS_H

#include "config/config.h"
#include "message/attachment_kind.h"

/* Valid as long as the configuration. */
struct attachment_extensions check_attachment_extensions(const struct config *config);

#endif
