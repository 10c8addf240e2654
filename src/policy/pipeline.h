/*
 * pipeline: the way of a message from collected facts to one verdict, as a list of steps per stage.
 */
#ifndef EM_POLICY_PIPELINE_H
#define EM_POLICY_PIPELINE_H

#include "policy/job.h"

enum stage { STAGE_MAIL, STAGE_RECIPIENT, STAGE_HEADERS, STAGE_END };

/*
 * Runs the steps of a stage. The verdict (owned by the job) is final after STAGE_END; at earlier
 * stages only an answer that ends the transaction or the recipient at once is not ACCEPT. A job
 * whose listener is off is accepted at every stage.
 */
const struct verdict *pipeline_run(struct job *job, enum stage stage);
/* Exactly once per job: writes the log line and the counters. Later calls do nothing. */
void pipeline_finish(struct job *job, enum outcome outcome);

#endif
