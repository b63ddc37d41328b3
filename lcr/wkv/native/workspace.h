// Where a thread keeps a chunk of tokens, and how it asks memory for the next one.
#pragma once
#include "tables.h"

namespace lcr {
namespace {

using Square = float[kRows][kRows];  // scores: reader × writer
constexpr int64_t kFits = 8;  // chunks whose tensors and states the caches are taken to hold

// 0, 1, 2, …: exponents as factors.
struct Numbers {
  float number[kRows] = {};
  constexpr Numbers() {
    for (int j = 0; j < kRows; ++j) number[j] = static_cast<float>(j);
  }
  constexpr float operator[](int j) const { return number[j]; }
};
constexpr Numbers kNumbers;

// Exponent of a token at the midpoint between two halves.
INLINE int to_midpoint(int t, int half) {
  const int offset = t & (2 * half - 1);
  return offset >= half ? offset - half : half - 1 - offset;
}

// Rows of channels, in the workspace or in a tensor.
struct Block {
  float* data;
  int64_t ld;
  Block(float* data, int64_t ld) : data(data), ld(ld) {}
  template <int T>
  Block(float (&rows)[kRows][T]) : Block(rows[0], T) {}
  float* operator[](int t) const { return data + t * ld; }
};

// The last chunk has up to kRows tokens: states for a few alone (14·14 + 1 are 6·32 + 5) cost more than their pairs.
INLINE int64_t chunks_of(int64_t tokens) {
  return tokens <= kRows ? 1 : (tokens - kTail + kChunk - 1) / kChunk;
}

// What a thread works in, for heads of up to kChannels channels.
template <int kChannels>
struct alignas(64) Workspace {
  static constexpr int T = Tables<kChannels>::kStride;
  using Rows = float[kRows][T];  // a chunk of tokens, natural
  Rows r, k, v, y;                        // y: the output, or dy
  Rows r_scaled, k_scaled;                // at a midpoint
  Rows r_past, r_future, k_past, k_future;  // scaled by w^t or w^(31-t): what meets the states
  Rows dr, dk, dv;
  Square scores, d_scores;
  float k_turned[kChannels][kRows], k_level[kChannels][kRows], v_turned[kChannels][kRows];
  float slopes[T];
};

// Rows that will be needed next, asked for line by line while a product runs: a chunk and its states are a thousand lines,
// memory answers some twenty at a time, and the processor drops what it is asked for beyond. Addresses may lie past the
// end, where nothing is fetched. Without it N = 12544 took 1.2 times longer (four tensors no longer fit the caches); where
// all fits, asking costs 3% of N = 197, so that a short sequence does not ask.
struct Ahead {
  uintptr_t address;  // 0: do not ask
  uint64_t stride;    // bytes between rows
  // `count` rows at a column, of each line of memory only the first vector.
  INLINE void operator()(int row, int column, int count) const {
    if (!address || column % kLine) return;
    uintptr_t at = address + static_cast<uint64_t>(row) * stride + static_cast<uint64_t>(column) * sizeof(float);
    for (int m = 0; m < count; ++m, at += stride) __builtin_prefetch(reinterpret_cast<const void*>(at), 0, 2);
  }
  static constexpr int kLine = W < 16 ? 16 : 1;  // floats
};
// What a product of width × width can ask for: the rows of a state, and those of two chunks.
struct Next {
  Ahead state, low, high;
  INLINE void operator()(int row, int column, int count) const {
    state(row, column, count);
    if (row < kChunk)
      low(row, column, count);
    else if (row < 2 * kChunk)
      high(row - kChunk, column, count);
  }
};

}  // namespace
}  // namespace lcr
