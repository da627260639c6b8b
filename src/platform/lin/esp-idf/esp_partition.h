#include "esp-idf.h"
