// Gradients. S, the states of (k, v), gives dr; G, the states of (r, dy) run the other way, gives dk and dv. The slope by
// log w is taken factor by factor where each is applied, so nothing cancels: a pair in chunks m < n has the exponent
// (t-t0) + 32·(n-m-1) + (31-i).
#pragma once

#include "forward.cuh"

// The tile of dr (or dk) from a state that its chunk read (or was read through), scaled by w^t (kRest: w^(31-t)) and
// added to `out`; each term's exponent times its product with `source` goes to the slopes.
template <bool kRest>
DEVICE void from_state(float (&out)[4][4], float (&slopes)[4], const float (&source)[4][4], const Rows& d_reads,
                       Rows& rows, const float* table, const float* state, const Place& at) {
  float tile[4][4] = {};
  for (int first = 0; first < D; first += kChunk) {
    const int depth = D - first < kChunk ? D - first : kChunk;
    __syncthreads();
    bring_state<false>(rows, state, first, depth, at);
    __syncthreads();
    multiply<Columns::all>(tile, &d_reads[0][first], kStride, rows, depth, at);
  }
  UNROLL for (int m = 0; m < 4; ++m) {
    const int exponent = kRest ? kChunk - 1 - (at.row + m) : at.row + m;
    const Quad power = load(power_row(table, exponent) + at.column);
    UNROLL for (int n = 0; n < 4; ++n) {
      const float term = tile[m][n] * power.at[n];
      out[m][n] += term;
      slopes[n] += static_cast<float>(exponent) * (source[m][n] * term);
    }
  }
}

// The tile of dr from the pairs of its chunk, with their slopes; or of dk (kTurned), whose pairs are the same.
template <bool kTurned>
DEVICE void from_pairs(float (&out)[4][4], float (&slopes)[4], float (&own)[4], const float (&source)[4][4],
                       const Square& d_scores, const Rows& others, const float* table, bool bidirectional,
                       const Place& at) {
  KEEP_LOOP for (int i = 0; i < kChunk; ++i) {
    const Quad other = load(&others[i][at.column]);
    UNROLL for (int m = 0; m < 4; ++m) {
      const int t = at.row + m, ahead = kTurned ? i - t : t - i, distance = ahead < 0 ? -ahead : ahead;
      if (!bidirectional && ahead < 0) continue;
      const float d_score = kTurned ? d_scores[i][t] : d_scores[t][i];
      const Quad near = load(near_row(table, distance) + at.column);
      UNROLL for (int n = 0; n < 4; ++n) {
        const float term = d_score * near.at[n] * other.at[n];
        out[m][n] += term;
        if (kTurned) continue;
        if (distance > 1) slopes[n] += static_cast<float>(distance - 1) * (source[m][n] * term);
        if (distance == 0) own[n] += d_score * other.at[n] * source[m][n];
      }
    }
  }
}

DEVICE void own_tile(float (&tile)[4][4], const Element* from, long long token, const Place& at) {
  UNROLL for (int m = 0; m < 4; ++m)
    UNROLL for (int n = 0; n < 4; ++n)
      tile[m][n] = at.row + m < at.count ? widen(from[(at.row + m) * token + at.column + n]) : 0.0f;
}

// dr, dk, dv, and the chunk's slopes by log w and u, (B·H, chunks, D) each. past, future: S. after: G of later readers,
// after each chunk; before: G of earlier readers, before it. Null where there is one chunk or one direction.
KERNEL(lcr_gradients, kThreads)(TENSOR(r), TENSOR(k), TENSOR(v), TENSOR(dy), TENSOR(dr), TENSOR(dk), TENSOR(dv),
                                const float* tables, const float* past, const float* future, const float* before,
                                const float* after, float* log_w, float* own_u, long long heads, long long tokens,
                                long long bidirectional) {
  SHARED(Rows, left);
  SHARED(Rows, right);
  SHARED(Square, scores);
  SHARED(Square, scaled);
  const Place at(blockIdx.x, threadIdx.x, heads, tokens);
  const float* table = tables + at.head * kTableRows * D;
  const bool both = bidirectional != 0, has_past = at.chunk > 0, has_future = at.chunk + 1 < at.chunks;
  const Element *reader = at.of(TENSOR_OF(r), heads), *key = at.of(TENSOR_OF(k), heads);
  const Element *value = at.of(TENSOR_OF(v), heads), *d_y = at.of(TENSOR_OF(dy), heads);
  const long long state = at.state();

  // dv: keys weighted by who reads them
  bring(left, reader, r_token, at);
  bring(right, key, k_token, at);
  __syncthreads();
  score<true, true>(scores, left, right, table, both, at.thread);
  __syncthreads();
  bring(right, d_y, dy_token, at);
  __syncthreads();
  float out[4][4] = {};
  if (both)
    multiply<Columns::all>(out, scores[0], kChunk + 1, right, kChunk, at);
  else
    multiply<Columns::from_row>(out, scores[0], kChunk + 1, right, kChunk, at);
  if (has_future) read_state<true>(out, right, scaled, key, k_token, table, after + state, at);
  if (both && has_past) read_state<false>(out, right, scaled, key, k_token, table, before + state, at);
  put(at.of(TENSOR_OF(dv), heads), dv_token, out, at);

  // what a score is worth
  __syncthreads();
  bring(left, d_y, dy_token, at);
  bring(right, value, v_token, at);
  __syncthreads();
  score<false, false>(scores, left, right, table, both, at.thread);
  __syncthreads();

  // dr, from the chunk's pairs and from S
  float slopes[4] = {}, own[4] = {}, source[4][4];
  bring(right, key, k_token, at);
  own_tile(source, reader, r_token, at);
  UNROLL for (int m = 0; m < 4; ++m) UNROLL for (int n = 0; n < 4; ++n) out[m][n] = 0;
  __syncthreads();
  from_pairs<false>(out, slopes, own, source, scores, right, table, both, at);
  if (has_past) from_state<false>(out, slopes, source, left, right, table, past + state, at);
  if (both && has_future) from_state<true>(out, slopes, source, left, right, table, future + state, at);
  put(at.of(TENSOR_OF(dr), heads), dr_token, out, at);

  // dk, from the same pairs and from G
  __syncthreads();
  bring(left, value, v_token, at);
  bring(right, reader, r_token, at);
  own_tile(source, key, k_token, at);
  UNROLL for (int m = 0; m < 4; ++m) UNROLL for (int n = 0; n < 4; ++n) out[m][n] = 0;
  __syncthreads();
  from_pairs<true>(out, slopes, own, source, scores, right, table, both, at);
  if (has_future) from_state<true>(out, slopes, source, left, right, table, after + state, at);
  if (both && has_past) from_state<false>(out, slopes, source, left, right, table, before + state, at);
  put(at.of(TENSOR_OF(dk), heads), dk_token, out, at);

  // what crosses the whole chunk; then the slopes of the eight groups of rows in one
  if (has_past && has_future) {
    const Quad step = load(power_row(table, kChunk) + at.column);
    for (int d = at.row / 4; d < D; d += kGroups) {
      const long long e = state + d * D + at.column;
      Quad sum = {};
      const Quad s = load(past + e), g = load(after + e);
      UNROLL for (int n = 0; n < 4; ++n) sum.at[n] = s.at[n] * g.at[n];
      if (both) {
        const Quad s2 = load(future + e), g2 = load(before + e);
        UNROLL for (int n = 0; n < 4; ++n) sum.at[n] += s2.at[n] * g2.at[n];
      }
      UNROLL for (int n = 0; n < 4; ++n) slopes[n] += static_cast<float>(kChunk) * step.at[n] * sum.at[n];
    }
  }
  __syncthreads();
  store(&left[at.row / 4][at.column], Quad{{slopes[0], slopes[1], slopes[2], slopes[3]}});
  store(&right[at.row / 4][at.column], Quad{{own[0], own[1], own[2], own[3]}});
  __syncthreads();
  if (at.thread < D) {
    float slope = 0, of_u = 0;
    for (int g = 0; g < kGroups; ++g) slope += left[g][at.thread], of_u += right[g][at.thread];
    const long long to = (at.sequence * at.chunks + at.chunk) * D + at.thread;
    log_w[to] = slope;
    own_u[to] = of_u;
  }
}

// dω and du: the slopes of all batches and chunks, in double and in one order. Blocks: heads.
KERNEL(lcr_reduce, kGroups * D)(const float* log_w, const float* own_u, const double* rates, float* d_omega, float* d_u,
                                long long batches, long long heads, long long chunks) {
  using Sums = double[kGroups][D];
  SHARED(Sums, slopes);
  SHARED(Sums, of_u);
  const int d = static_cast<int>(threadIdx.x) % D, group = static_cast<int>(threadIdx.x) / D;
  const long long head = blockIdx.x;
  double slope = 0, own = 0;
  for (long long b = 0; b < batches; ++b)
    for (long long n = group; n < chunks; n += kGroups) {
      const long long from = ((b * heads + head) * chunks + n) * D + d;
      slope += static_cast<double>(log_w[from]), own += static_cast<double>(own_u[from]);
    }
  slopes[group][d] = slope;
  of_u[group][d] = own;
  __syncthreads();
  if (group > 0) return;
  for (int g = 1; g < kGroups; ++g) slope += slopes[g][d], own += of_u[g][d];
  d_omega[head * D + d] = static_cast<float>(-rates[head * D + d] * slope);
  d_u[head * D + d] = static_cast<float>(own);
}
