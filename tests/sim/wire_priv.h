#ifndef SIM_WIRE_PRIV_H
#define SIM_WIRE_PRIV_H

#include "wire.h"

void	wire_forget(void);		/* nothing listens, and no connection was made yet */

#endif
