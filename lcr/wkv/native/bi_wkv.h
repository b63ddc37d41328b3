// Bi-WKV on the CPU: what the parts of the native kernel share. The mathematics is in lcr/wkv/chunk.py and docs there.
//
// kernel.cpp is compiled once per instruction set (LCR_WIDTH floats a vector), dispatch.cpp once: it makes the decay
// tables, picks the widest kernel that the machine runs, and hands each (batch, head) to one thread, so that the
// numbers do not depend on how many threads there are.
#pragma once
#include <cstdint>

namespace lcr {

constexpr int kChunk = 32;      // tokens a chunk
constexpr int kMaxWidth = 128;  // channels a head
constexpr int kStride = 144;    // floats between tokens in the workspace: constant, and no power of two
constexpr int kReach = 15;      // Toeplitz table of a leaf: offsets -15..15

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
  Tensor r, k, v, y;        // y is dy in the backward pass
  Tensor dr, dk, dv;        // backward only
};

// Decay tables of one head; zero beyond its channels.
struct Tables {
  float power[kChunk + 1][kStride];            // w^j, natural: one row an exponent
  float halves[2][kMaxWidth][kChunk];          // w^(distance to the midpoint) for halves of 8 and 16, transposed
  float near[kMaxWidth][2 * kReach + 2];       // u at 15, w^(|i-t|-1) at 15 + i - t; 0 after it when unidirectional
  float near_rows[8][kStride];                 // u, 1, w, w², …: the same by distance, natural
  float step[kMaxWidth], step_rest[kMaxWidth]; // w^32 to twice the digits: it is applied once a chunk
  double rate[kMaxWidth];                      // e^ω
};

// d(log w) and du of one (batch, head).
struct Slopes {
  double log_w[kMaxWidth], u[kMaxWidth];
};

// Floats that one thread needs besides its stack for a sequence.
using Forward = void (*)(const Problem&, const Tables&, int64_t b, int64_t h, void* workspace);
using Backward = void (*)(const Problem&, const Tables&, int64_t b, int64_t h, void* workspace, Slopes&);
using WorkspaceSize = int64_t (*)(const Problem&, bool backward);

struct Kernel {
  Forward forward;
  Backward backward;
  WorkspaceSize workspace;
  int vector;
};

extern const Kernel kPortable;
#if defined(__x86_64__)
extern const Kernel kAvx2, kAvx512;
#endif

}  // namespace lcr
