/* Makes the documents of all files, in batches. */
#ifndef PREPROCESS_PROCESS_H
#define PREPROCESS_PROCESS_H

#include "job.h"

/* Makes the records of all files of the job, and writes their features if there is an output. To
 * compare, does it in all ways and notes the times of each and whether the results are identical.
 * Returns false, having said why, when it could not be done. */
bool process_files(struct job *job);

#endif
