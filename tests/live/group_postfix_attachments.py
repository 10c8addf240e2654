"""Postfix 3.7 in front: what is attached. It is the machine's, so that egressctl hold finds its queue."""

import json

import cases_attachments
from stage.suite import Group
from stage.world import World


class AttachmentsWorld(World):
    IS_MACHINES = True
    LOGINS = cases_attachments.LOGINS

    def held_reason(self, queue_id):
        """Postfix keeps none; the guard does."""
        held = json.loads(self.guard.ctl_run("--json", "hold", "list").stdout)["held"]
        return next(one["reason"] for one in held if one["id"] == queue_id)


group = Group("postfix-attachments",
              lambda options: AttachmentsWorld(options, "postfix-attachments", "postfix", cases_attachments.config))
cases_attachments.add_to(group)
