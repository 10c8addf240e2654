"""Sendmail 8.17 in front: what is attached."""

import cases_attachments
from stage.suite import Group
from stage.world import World


class AttachmentsWorld(World):
    LOGINS = cases_attachments.LOGINS

    def held_reason(self, queue_id):
        """As the file in its queue has it."""
        return self.mta.held_reason(queue_id)


group = Group("sendmail-attachments",
              lambda options: AttachmentsWorld(options, "sendmail-attachments", "sendmail", cases_attachments.config))
cases_attachments.add_to(group)
