// The C interface of the library: no Python and no torch in here. lcr/wkv/cpu.py passes an LcrCall as 39 integers of 64
// bits in this order, which every field is.
#pragma once
#include <cstdint>

// Found by name from outside; inside always the library's own, also where a second copy is loaded.
#define LCR_EXPORT __attribute__((visibility("protected")))

extern "C" {

// Of shape (B, H, N, D), channels next to each other; strides in floats.
struct LcrTensor {
  float* data;
  int64_t batch, head, token;
};

struct LcrCall {
  int64_t isa;  // the kernel's number, or below 0 for the best
  int64_t threads, batches, heads, tokens, width, bidirectional;
  const float *omega, *u;  // (H, D), contiguous
  float *d_omega, *d_u;    // the same; null for the forward pass
  LcrTensor tensors[7];    // r, k, v, dy, dr, dk, dv; or r, k, v, y, with nothing after them
};

// Returns 0, or 1 when memory is out.
LCR_EXPORT int lcr_bi_wkv(const LcrCall* call);

// The number of the best kernel that this machine runs: 0 portable, 1 AVX2 with FMA, 2 AVX-512.
LCR_EXPORT int lcr_bi_wkv_isa();

// The hash of the sources that the library was built from, as setup.py computes it.
LCR_EXPORT const char* lcr_bi_wkv_sources();
}
