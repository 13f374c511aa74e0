/* Which version this is, for --version and the driver's hello. */
#ifndef REF_BASE_VERSION_H
#define REF_BASE_VERSION_H

#define REF_VERSION "0.1.0"

#endif
