#ifndef REF_VERSION_H
#define REF_VERSION_H

#define REF_VERSION "0.1.0"

#endif
