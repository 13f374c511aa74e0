#ifndef REF_BASE_VERSION_H
#define REF_BASE_VERSION_H

#define REF_VERSION "0.1.0"

#endif
