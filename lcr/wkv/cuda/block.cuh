// What a block of 2·D threads does together: bring a chunk into shared memory, score its pairs, multiply small matrices.
// Each thread owns a tile of 4 rows × 4 columns of whatever 32 × D matrix the block makes. No function here waits at a
// barrier: the kernels do, between the steps.
#pragma once

#include "machine.cuh"

constexpr int kThreads = 2 * D;
constexpr int kStride = D + 4;       // of rows in shared memory: aligned for quads, and banks shift from row to row
constexpr int kQuads = D / 4;
constexpr int kGroups = 8;           // of 4 rows
constexpr long long kSquare = static_cast<long long>(D) * D;

using Rows = float[kChunk][kStride];
using Square = float[kChunk][kChunk + 1];

// A (B, H, N, D) tensor, channels next to each other; strides in elements.
struct Tensor {
  Element* data;
  long long batch, head, token;
};
#define TENSOR(x) Element *x, long long x##_batch, long long x##_head, long long x##_token
#define TENSOR_OF(x) (Tensor{x, x##_batch, x##_head, x##_token})

// Rows of one head's decay table: u, then w^0, w^1, …, w^32, then what is left of w^32 beyond a float.
constexpr int kTableRows = kChunk + 3;
DEVICE const float* near_row(const float* table, int distance) { return table + distance * D; }
DEVICE const float* power_row(const float* table, int exponent) { return table + (exponent + 1) * D; }

// The block's place: which chunk of which (batch, head), and its thread's tile.
struct Place {
  int thread, row, column;      // of the tile
  long long chunk, chunks, head, sequence, first;
  int count;                    // tokens of the chunk
  DEVICE Place(long long block, int thread, long long heads, long long tokens)
      : thread(thread), row(thread / kQuads * 4), column(thread % kQuads * 4) {
    chunks = (tokens + kChunk - 1) / kChunk;
    chunk = block % chunks;
    sequence = block / chunks;
    head = sequence % heads;
    first = chunk * kChunk;
    count = static_cast<int>(tokens - first < kChunk ? tokens - first : kChunk);
  }
  // The first element of the chunk.
  DEVICE Element* of(const Tensor& x, long long heads) const {
    return x.data + sequence / heads * x.batch + head * x.head + first * x.token;
  }
  DEVICE long long state() const { return (sequence * chunks + chunk) * kSquare; }
};

// The chunk in shared memory, zeros after its last token.
DEVICE void bring(Rows& to, const Element* from, long long token, const Place& at) {
  UNROLL_SOME for (int e = at.thread; e < kChunk * D; e += kThreads) {
    const int t = e / D, d = e % D;
    to[t][d] = t < at.count ? widen(from[t * token + d]) : 0.0f;
  }
}
// The same scaled by w^t (kRest: by w^(31-t)), of `depth` channels from `first` on, into a square.
template <bool kRest>
DEVICE void bring_scaled(Square& to, const Element* from, long long token, const float* table, int first, int depth,
                         const Place& at) {
  UNROLL_SOME for (int e = at.thread; e < kChunk * kChunk; e += kThreads) {
    const int t = e / kChunk, a = e % kChunk;
    if (a >= depth) continue;
    const float x = t < at.count ? widen(from[t * token + first + a]) : 0.0f;
    to[t][a] = x * power_row(table, kRest ? kChunk - 1 - t : t)[first + a];
  }
}
// Rows first, first + 1, … of a state, or (kTurned) its columns as rows.
template <bool kTurned>
DEVICE void bring_state(Rows& to, const float* state, int first, int depth, const Place& at) {
  if (kTurned) {
    UNROLL_SOME for (int e = at.thread; e < kChunk * D; e += kThreads) {
      const int a = e % kChunk, d = e / kChunk;
      if (a < depth) to[a][d] = state[d * D + first + a];
    }
  } else {
    UNROLL_SOME for (int e = at.thread; e < depth * D; e += kThreads) to[e / D][e % D] = state[first * D + e];
  }
}

// to[t][i] (kTurned: to[i][t]) = Σ over channels x[t]·y[i], times w^(|t-i|-1), or u where t = i, if kDecay; 0 for t < i
// in one direction. A thread takes t, t+16 against i, i+16, and a half warp the same distances: rows of the table are
// read once for it.
template <bool kDecay, bool kTurned>
DEVICE void score(Square& to, const Rows& x, const Rows& y, const float* table, bool bidirectional, int thread) {
  constexpr int kHalf = kChunk / 2;
  KEEP_LOOP for (int q = thread; q < kHalf * kHalf; q += kThreads) {
    const int t = q % kHalf, i = (t + q / kHalf) % kHalf, distance = t - i;
    const int same = distance < 0 ? -distance : distance;
    float sums[2][2] = {};
    KEEP_LOOP for (int d = 0; d < D; d += 4) {
      const Quad x0 = load(&x[t][d]), x1 = load(&x[t + kHalf][d]), y0 = load(&y[i][d]), y1 = load(&y[i + kHalf][d]);
      Quad near = {{1, 1, 1, 1}}, above = near, below = near;
      if (kDecay) {
        near = load(near_row(table, same) + d);
        above = load(near_row(table, kHalf - distance) + d);
        below = load(near_row(table, kHalf + distance) + d);
      }
      UNROLL for (int j = 0; j < 4; ++j) {
        sums[0][0] += x0.at[j] * near.at[j] * y0.at[j];
        sums[1][1] += x1.at[j] * near.at[j] * y1.at[j];
        sums[0][1] += x0.at[j] * above.at[j] * y1.at[j];
        sums[1][0] += x1.at[j] * below.at[j] * y0.at[j];
      }
    }
    UNROLL for (int m = 0; m < 2; ++m)
      UNROLL for (int n = 0; n < 2; ++n) {
        const int reader = t + m * kHalf, writer = i + n * kHalf;
        const float sum = bidirectional || writer <= reader ? sums[m][n] : 0.0f;
        to[kTurned ? writer : reader][kTurned ? reader : writer] = sum;
      }
  }
}

// The thread's tile += a·y, a 32 × depth with rows `stride` apart. In one direction row t takes only columns up to t (what
// a token reads) or from t on (who reads it), so that 0·NaN does not reach it from the others.
enum class Columns { all, up_to_row, from_row };
template <Columns kColumns>
DEVICE void multiply(float (&tile)[4][4], const float* a, int stride, const Rows& y, int depth, const Place& at) {
  const float* left = a + at.row * stride;
  const int first = kColumns == Columns::from_row ? at.row : 0, last = kColumns == Columns::up_to_row ? at.row + 4 : depth;
  UNROLL_SOME for (int k = first; k < last; ++k) {
    const Quad right = load(&y[k][at.column]);
    UNROLL for (int m = 0; m < 4; ++m) {
      if (kColumns == Columns::up_to_row && k > at.row + m) continue;
      if (kColumns == Columns::from_row && k < at.row + m) continue;
      const float x = left[m * stride + k];
      UNROLL for (int n = 0; n < 4; ++n) tile[m][n] += x * right.at[n];
    }
  }
}
// Writes the thread's tile of a chunk.
DEVICE void put(Element* to, long long token, const float (&tile)[4][4], const Place& at) {
  UNROLL for (int m = 0; m < 4; ++m)
    if (at.row + m < at.count)
      UNROLL for (int n = 0; n < 4; ++n) to[(at.row + m) * token + at.column + n] = narrow(tile[m][n]);
}
