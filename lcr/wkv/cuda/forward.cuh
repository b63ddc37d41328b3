// Tables, states and outputs. The mathematics is in lcr/wkv/chunk.py: products of each chunk, for both directions at
// once; a scan over the chunks, element by element of the states; then each chunk by itself. Nothing but the scan runs
// along the sequence, so B·H·N/32 blocks are at work even for short sequences. States keep rows of channels of v.
#pragma once

#include "block.cuh"

// Decay tables of a head a block: powers as products in double, which float32 does not see the rounding of.
KERNEL(lcr_tables, D)(const float* omega, const float* u, float* tables, double* rates) {
  const int d = threadIdx.x;
  const long long head = blockIdx.x;
  const double clamped = omega[head * D + d] > kOmegaMax ? kOmegaMax : static_cast<double>(omega[head * D + d]);
  const double rate = exp(clamped), w = exp(-rate);
  float* const table = tables + head * kTableRows * D + d;
  rates[head * D + d] = rate;
  table[0] = u[head * D + d];
  double power = 1;
  for (int j = 0; j <= kChunk; ++j) {
    table[(j + 1) * D] = static_cast<float>(power);
    if (j < kChunk) power *= w;
  }
  table[(kChunk + 2) * D] = static_cast<float>(power - static_cast<double>(static_cast<float>(power)));
}

// Σ over the chunk of v_i (k_i ⊙ w^(31-i))ᵀ for the past, (k_i ⊙ w^i)ᵀ for the future. Blocks: x = chunks of sequences,
// y = slices of 32 channels of v, once for each direction that is asked for.
KERNEL(lcr_states, kThreads)(TENSOR(k), TENSOR(v), const float* tables, float* past, float* future, long long heads,
                             long long tokens) {
  constexpr int kSlices = (D + kChunk - 1) / kChunk;
  SHARED(Rows, keys);
  SHARED(Square, values);
  const Place at(blockIdx.x, threadIdx.x, heads, tokens);
  const int slice = static_cast<int>(blockIdx.y) % kSlices * kChunk;
  const bool rest = past != nullptr && static_cast<int>(blockIdx.y) < kSlices;  // the past, which comes first
  const float* table = tables + at.head * kTableRows * D;
  const Element *key = at.of(TENSOR_OF(k), heads), *value = at.of(TENSOR_OF(v), heads);
  for (int e = at.thread; e < kChunk * D; e += kThreads) {
    const int i = e / D, a = e % D;
    const float x = i < at.count ? widen(key[i * k_token + a]) : 0.0f;
    keys[i][a] = x * power_row(table, rest ? kChunk - 1 - i : i)[a];
  }
  for (int e = at.thread; e < kChunk * kChunk; e += kThreads) {
    const int i = e / kChunk, d = e % kChunk;
    values[d][i] = i < at.count && slice + d < D ? widen(value[i * v_token + slice + d]) : 0.0f;
  }
  __syncthreads();
  float tile[4][4] = {};
  multiply<Columns::all>(tile, values[0], kChunk + 1, keys, kChunk, at);
  float* const to = (rest ? past : future) + at.state();
  UNROLL for (int m = 0; m < 4; ++m)
    if (slice + at.row + m < D)
      store(to + (slice + at.row + m) * D + at.column, Quad{{tile[m][0], tile[m][1], tile[m][2], tile[m][3]}});
}

// From each chunk's products to the states before it (past) or after it (future), in place. Blocks: x = sequences, y =
// kThreads elements of a state, once for each direction.
KERNEL(lcr_scan, kThreads)(const float* tables, float* past, float* future, long long heads, long long chunks) {
  constexpr int kSlices = static_cast<int>((kSquare + kThreads - 1) / kThreads), kAtOnce = 8;
  const bool forth = past != nullptr && static_cast<int>(blockIdx.y) < kSlices;
  const int element = static_cast<int>(blockIdx.y) % kSlices * kThreads + static_cast<int>(threadIdx.x);
  if (element >= kSquare) return;
  const float* table = tables + static_cast<long long>(blockIdx.x) % heads * kTableRows * D + element % D;
  const float step = table[(kChunk + 1) * D], rest = table[(kChunk + 2) * D];
  float* const states = (forth ? past : future) + blockIdx.x * chunks * kSquare + element;
  float state = 0;
  for (long long done = 0; done < chunks; done += kAtOnce) {
    float products[kAtOnce];  // read together: one by one each would wait for memory
    UNROLL for (int j = 0; j < kAtOnce; ++j) {
      const long long n = done + j;
      products[j] = n < chunks ? states[(forth ? n : chunks - 1 - n) * kSquare] : 0.0f;
    }
    UNROLL for (int j = 0; j < kAtOnce; ++j) {
      const long long n = done + j;
      if (n < chunks) states[(forth ? n : chunks - 1 - n) * kSquare] = state;
      state = state * step + (state * rest + products[j]);
    }
  }
}

// The tile += x̂·state over slices of 32 channels of k: what a chunk reads of the past (rows scaled by w^t), or of the
// future (kRest: w^(31-t)).
template <bool kRest>
DEVICE void read_state(float (&tile)[4][4], Rows& rows, Square& scaled, const Element* x, long long token,
                       const float* table, const float* state, const Place& at) {
  for (int first = 0; first < D; first += kChunk) {
    const int depth = D - first < kChunk ? D - first : kChunk;
    __syncthreads();  // the last readers of both are done
    bring_scaled<kRest>(scaled, x, token, table, first, depth, at);
    bring_state<true>(rows, state, first, depth, at);
    __syncthreads();
    multiply<Columns::all>(tile, scaled[0], kChunk + 1, rows, depth, at);
  }
}

// y. Blocks: chunks of sequences. past and future may be null where there is one chunk, future in one direction.
KERNEL(lcr_output, kThreads)(TENSOR(r), TENSOR(k), TENSOR(v), TENSOR(y), const float* tables, const float* past,
                             const float* future, long long heads, long long tokens, long long bidirectional) {
  SHARED(Rows, left);
  SHARED(Rows, right);
  SHARED(Square, scores);
  const Place at(blockIdx.x, threadIdx.x, heads, tokens);
  const float* table = tables + at.head * kTableRows * D;
  const Element* const reader = at.of(TENSOR_OF(r), heads);
  bring(left, reader, r_token, at);
  bring(right, at.of(TENSOR_OF(k), heads), k_token, at);
  __syncthreads();
  score<true, false>(scores, left, right, table, bidirectional != 0, at.thread);
  __syncthreads();
  bring(right, at.of(TENSOR_OF(v), heads), v_token, at);
  __syncthreads();
  float tile[4][4] = {};
  if (bidirectional)
    multiply<Columns::all>(tile, scores[0], kChunk + 1, right, kChunk, at);
  else
    multiply<Columns::up_to_row>(tile, scores[0], kChunk + 1, right, kChunk, at);
  if (past != nullptr && at.chunk > 0)
    read_state<false>(tile, right, scores, reader, r_token, table, past + at.state(), at);
  if (future != nullptr && at.chunk + 1 < at.chunks)
    read_state<true>(tile, right, scores, reader, r_token, table, future + at.state(), at);
  put(at.of(TENSOR_OF(y), heads), y_token, tile, at);
}
