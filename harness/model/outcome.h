/* What became of a call to the target, as far as its caller can know. */
#ifndef ASSAY_MODEL_OUTCOME_H
#define ASSAY_MODEL_OUTCOME_H

/* Only REFUSED is definite: the operation did not happen and will not. */
enum outcome { ACKNOWLEDGED, REFUSED, UNKNOWN };

#endif
