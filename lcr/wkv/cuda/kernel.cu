// All kernels of Bi-WKV, for one LCR_D and LCR_TYPE.
#include "backward.cuh"
