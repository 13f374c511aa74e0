/* What the standing targets claim: everything there is, so that every room has to turn them down. */
#ifndef ASSAY_TESTS_TARGETS_STANDING_CLAIMS_H
#define ASSAY_TESTS_TARGETS_STANDING_CLAIMS_H

#define STANDING_CLAIMS \
    "{\"store\":[\"create\",\"append\",\"read\",\"metadata\",\"delete\",\"fork\",\"resume\"],\"http\":[],\"ws\":[]}"

#endif
