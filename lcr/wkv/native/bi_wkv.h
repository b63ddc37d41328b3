// Bi-WKV on the CPU: what the parts of the native kernel share. The mathematics is told in lcr/wkv/chunk.py.
//
// kernel.cpp is compiled once per instruction set (LCR_WIDTH floats a vector), dispatch.cpp once: it picks the widest
// kernel that the machine runs, and hands each (batch, head) to one thread, so that the numbers do not depend on how
// many threads there are.
#pragma once
#include <cstdint>

namespace lcr {

constexpr int kChunk = 32;      // tokens a chunk
constexpr int kTail = 16;       // tokens that the last chunk takes on rather than leave them to states of their own
constexpr int kRows = kChunk + kTail;
constexpr int kMaxWidth = 128;  // channels a head

// A (B, H, N, D) tensor of floats, channels next to each other; strides in floats.
struct Tensor {
  float* data;
  int64_t batch, head, token;
  float* at(int64_t b, int64_t h) const { return data + b * batch + h * head; }
};

struct Problem {
  int64_t batches, heads, tokens;
  int width;
  bool bidirectional;
  const float *omega, *u;   // (H, D)
  Tensor r, k, v, y;        // y is dy in the backward pass
  Tensor dr, dk, dv;        // backward only
};

// dω and du of one (batch, head).
struct Slopes {
  double omega[kMaxWidth], u[kMaxWidth];
};

// One (batch, head), a task, in `memory`, `size` bytes of the thread's own; `same`: what it did there last was another
// batch of this head, so that the decay tables stay.
struct Kernel {
  void (*forward)(const Problem&, int64_t b, int64_t h, bool same, void* memory);
  void (*backward)(const Problem&, int64_t b, int64_t h, bool same, void* memory, Slopes&);
  int64_t (*size)(const Problem&, bool backward);
};

extern const Kernel kPortable;
#if defined(__x86_64__)
extern const Kernel kAvx2, kAvx512;
#endif

}  // namespace lcr
