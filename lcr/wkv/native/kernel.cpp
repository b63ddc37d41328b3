// Bi-WKV of one (batch, head), forward and backward, in the chunk form of lcr/wkv/chunk.py.
// Compiled once per instruction set with LCR_WIDTH (floats a vector) and LCR_KERNEL (the name to define).
#include <new>

#include "block.h"

namespace lcr {
namespace {

constexpr int kLeaf = kRound;  // tokens whose scores come straight from the Toeplitz table
constexpr int T = kStride;
using Rows = float[kChunk][kStride];   // a chunk of tokens, natural
using Square = float[kChunk][kChunk];  // scores: reader × writer
using Natural = Term<T, 1>;            // A = a chunk, k along channels
using Across = Term<1, T>;             // A = a chunk transposed, k along tokens

// 0, 1, 2, …: exponents as factors.
struct Numbers {
  float number[kChunk] = {};
  constexpr Numbers() {
    for (int j = 0; j < kChunk; ++j) number[j] = static_cast<float>(j);
  }
  constexpr float operator[](int j) const { return number[j]; }
};
constexpr Numbers kNumbers;

// Exponent of a token at the midpoint between two halves.
INLINE int to_midpoint(int t, int half) {
  const int offset = t & (2 * half - 1);
  return offset >= half ? offset - half : half - 1 - offset;
}

struct Workspace {
  Rows r, k, v, y;                        // y: the output, or dy
  Rows r_scaled, k_scaled;                // at a midpoint
  Rows r_past, r_future, k_past, k_future;  // scaled by w^t or w^(31-t): what meets the states
  Rows dr, dk, dv;
  Square scores, d_scores;
  float k_turned[kMaxWidth][kChunk], k_level[kMaxWidth][kChunk], v_turned[kMaxWidth][kChunk];
  float slopes[kStride];
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
constexpr int64_t kFits = 8;  // chunks
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

// One sequence: its sizes, its tables, and the steps of both passes over its chunks.
struct Sequence {
  const Problem& p;
  const Tables& tables;
  Workspace& w;
  const int64_t b, h;
  const int64_t chunks = (p.tokens + kChunk - 1) / kChunk;
  const int width = round_up(p.width);
  const int64_t square = static_cast<int64_t>(width) * width;
  float* const states = reinterpret_cast<float*>(&w + 1);  // running states, then those stored per chunk

  int count(int64_t c) const {
    const int64_t left = p.tokens - c * kChunk;
    return static_cast<int>(left < kChunk ? left : kChunk);
  }
  int rows(int64_t c) const { return round_up(count(c)); }

  void read(Rows& to, const Tensor& from, int64_t c) const {
    const int n = count(c);
    const float* source = from.at(b, h) + c * kChunk * from.token;
    for (int t = 0; t < n; ++t, source += from.token) {
      std::memcpy(to[t], source, sizeof(float) * p.width);
      for (int d = p.width; d < width; ++d) to[t][d] = 0;
    }
    for (int t = n; t < rows(c); ++t) std::memset(to[t], 0, sizeof(float) * width);
  }
  void write(const Rows& from, const Tensor& to, int64_t c) const {
    float* target = to.at(b, h) + c * kChunk * to.token;
    for (int t = 0; t < count(c); ++t, target += to.token) std::memcpy(target, from[t], sizeof(float) * p.width);
  }

  // Chunk c of a tensor, or the state stored for it; the nearest where there is none.
  Ahead ahead(const Tensor& x, int64_t c) const { return ahead(x.at(b, h), kChunk * x.token, x.token, c, chunks); }
  Ahead ahead(const float* stored, int64_t c) const { return ahead(stored, square, width, c, chunks - 1); }
  Ahead ahead(const float* first, int64_t step, int64_t stride, int64_t c, int64_t count) const {
    if (chunks <= kFits) return {0, 0};
    c = c < 0 ? 0 : c < count ? c : count - 1;
    return {reinterpret_cast<uintptr_t>(first + c * step), static_cast<uint64_t>(stride) * sizeof(float)};
  }

  // to[t] = from[t] ⊙ w^exponent(t)
  template <class Exponent>
  INLINE void scale(Rows& to, const Rows& from, int n, const Exponent& exponent) const {
    for (int t = 0; t < n; ++t) {
      const float* power = tables.power[exponent(t)];
      for (int d = 0; d < width; d += W) store(to[t] + d, load(from[t] + d) * load(power + d));
    }
  }
  void scale_by_position(Rows& to, const Rows& from, int n) const {
    scale(to, from, n, [](int t) { return t; });
  }
  void scale_by_rest(Rows& to, const Rows& from, int n) const {
    scale(to, from, n, [](int t) { return kChunk - 1 - t; });
  }

  // state = w^32 ⊙ before + leftᵀ·right, rows of channels of k (forward); before null: no state yet.
  template <class Ask>
  void advance(float* state, const float* before, const Rows& k, const Rows& v, int n, const Ask& next) const {
    const float *step = tables.step, *rest = tables.step_rest;
    const int64_t ld = width;
    const Across term{k[0], v[0], T, n};
    if (!before) {
      product(width, width, [=](int a, int d, vec x) { store(state + a * ld + d, x); }, term);
      return;
    }
    product(
        width, width,
        ByColumn{[=](int first, int d, const auto& x) {
          next(first, d, count_of(x));
          for_rows(x, [=](int m, vec sum) {
            const int a = first + m;
            const vec old = load(before + a * ld + d);
            store(state + a * ld + d, old * all(step[a]) + (old * all(rest[a]) + sum));
          });
        }},
        term);
  }
  // The same transposed, rows of channels of v (backward).
  template <class Ask>
  void advance_turned(float* state, const float* before, const Rows& k, const Rows& v, int n, const Ask& next) const {
    const float *step = tables.step, *rest = tables.step_rest;
    const int64_t ld = width;
    const Across term{v[0], k[0], T, n};
    if (!before) {
      product(width, width, [=](int d, int a, vec x) { store(state + d * ld + a, x); }, term);
      return;
    }
    product(
        width, width,
        ByColumn{[=](int first, int a, const auto& x) {
          next(first, a, count_of(x));
          const vec once = load(step + a), more = load(rest + a);
          for_rows(x, [=](int m, vec sum) {
            const int64_t at = (first + m) * ld + a;
            const vec old = load(before + at);
            store(state + at, old * once + (old * more + sum));
          });
        }},
        term);
  }

  // Scores of readers × writers of one leaf.
  void leaf_scores(int first) {
    for (int t0 = first; t0 < first + kLeaf; t0 += 4)
      for (int i0 = first; i0 < first + kLeaf; i0 += W) {
        vec acc[4] = {};
        for (int d = 0; d < width; ++d) {
          const vec key = load(w.k_turned[d] + i0);
          const float* near = tables.near[d] + kReach + i0 - t0;
          for (int m = 0; m < 4; ++m) acc[m] += all(w.r[t0 + m][d]) * (key * load(near - m));
        }
        for (int m = 0; m < 4; ++m) store(w.scores[t0 + m] + i0, acc[m]);
      }
  }
  // Scores across the midpoints of halves of `half` tokens: writers from keys scaled and transposed.
  void half_scores(int half, int n) {
    const float(*table)[kChunk] = tables.halves[half == 16];
    for (int d = 0; d < width; ++d)
      for (int i = 0; i < n; i += W) store(w.k_level[d] + i, load(w.k_turned[d] + i) * load(table[d] + i));
    scale(w.r_scaled, w.r, n, [=](int t) { return to_midpoint(t, half); });
    for (int low = 0; low + half < n; low += 2 * half) {
      const int middle = low + half, upper = n - middle < half ? n - middle : half;
      across(middle, upper, low, half);
      if (p.bidirectional) across(low, half, middle, upper);
    }
  }
  void across(int reader, int readers, int writer, int writers) {
    float* to = &w.scores[reader][writer];
    product(
        readers, writers, [=](int t, int i, vec x) { store(to + t * kChunk + i, x); },
        Natural{w.r_scaled[reader], &w.k_level[0][writer], kChunk, width});
  }
  void all_scores(int n) {
    transpose(w.k[0], T, n, width, w.k_turned[0], kChunk);
    if (!p.bidirectional) std::memset(w.scores, 0, sizeof(Square));
    for (int first = 0; first < n; first += kLeaf) leaf_scores(first);
    for (int half = kLeaf; half < n; half *= 2) half_scores(half, n);
  }

  // Whether every key and value of the chunk is a finite number.
  bool finite(int n) const {
    vec sum = {};
    for (int t = 0; t < n; ++t)
      for (int d = 0; d < width; d += W) {
        const vec k = load(w.k[t] + d), v = load(w.v[t] + d);
        sum += (k - k) + (v - v);
      }
    float total = 0;
    for (int i = 0; i < W; ++i) total += sum[i];
    return total == 0;
  }
  // One direction's pairs inside a chunk one by one: products would give 0·NaN to the tokens before a NaN.
  void add_pairs(int n) {
    for (int t = 0; t < n; ++t)
      for (int i = 0; i <= t; ++i) {
        float score = 0;
        for (int d = 0; d < p.width; ++d)
          score += w.r[t][d] * (i == t ? tables.near_rows[0][d] : tables.power[t - i - 1][d]) * w.k[i][d];
        for (int d = 0; d < p.width; ++d) w.y[t][d] += score * w.v[i][d];
      }
  }

  void forward() {
    float* const past = states;             // S_f, in place
    float* const future = states + square;  // S_b after each chunk but the last
    if (p.bidirectional)
      for (int64_t c = chunks - 1; c > 0; --c) {
        const int n = rows(c);
        read(w.k, p.k, c), read(w.v, p.v, c);
        scale_by_position(w.k_future, w.k, n);
        advance(future + (c - 1) * square, c + 1 < chunks ? future + c * square : nullptr, w.k_future, w.v, n,
                Next{ahead(future, c - 2), ahead(p.k, c - 1), ahead(p.v, c - 1)});
      }
    for (int64_t c = 0; c < chunks; ++c) {
      const int n = rows(c);
      const bool has_past = c > 0, has_future = p.bidirectional && c + 1 < chunks;
      read(w.r, p.r, c), read(w.k, p.k, c), read(w.v, p.v, c);
      const bool by_pairs = !p.bidirectional && !finite(n);
      if (!by_pairs) all_scores(n);
      if (has_past) scale_by_position(w.r_past, w.r, n);
      if (has_future) scale_by_rest(w.r_future, w.r, n);
      float(*y)[T] = w.y;
      const Ahead next_r = ahead(p.r, c + 1), next_k = ahead(p.k, c + 1), next_y = ahead(p.y, c + 1);
      product(
          n, width,
          ByColumn{[=](int first, int d, const auto& x) {
            const int rows = count_of(x);
            next_r(first, d, rows), next_k(first, d, rows), next_y(first, d, rows);
            for_rows(x, [=](int m, vec sum) { store(y[first + m] + d, sum); });
          }},
          Term<kChunk, 1>{w.scores[0], w.v[0], T, by_pairs ? 0 : n},
          Natural{w.r_past[0], past, width, has_past ? width : 0},
          Natural{w.r_future[0], future + c * square, width, has_future ? width : 0});
      if (by_pairs) add_pairs(n);
      write(w.y, p.y, c);
      if (c + 1 < chunks) {
        scale_by_rest(w.k_past, w.k, n);
        const Ahead next_v = ahead(p.v, c + 1);
        advance(past, has_past ? past : nullptr, w.k_past, w.v, n,
                Next{p.bidirectional ? ahead(future, c + 1) : next_v, next_v, next_v});
      }
    }
  }

#include "backward.h"
};

void forward(const Problem& p, const Tables& tables, int64_t b, int64_t h, void* workspace) {
  Sequence{p, tables, *static_cast<Workspace*>(workspace), b, h}.forward();
}

void backward(const Problem& p, const Tables& tables, int64_t b, int64_t h, void* workspace, Slopes& slopes) {
  Sequence{p, tables, *static_cast<Workspace*>(workspace), b, h}.backward(slopes);
}

int64_t workspace_size(const Problem& p, bool backward) {
  const int64_t square = static_cast<int64_t>(round_up(p.width)) * round_up(p.width);
  const int64_t chunks = (p.tokens + kChunk - 1) / kChunk;
  const int64_t states = backward ? 4 + 2 * chunks : 1 + (p.bidirectional ? chunks : 0);
  return static_cast<int64_t>(sizeof(Workspace)) + states * square * static_cast<int64_t>(sizeof(float));
}

}  // namespace

extern const Kernel LCR_KERNEL;
const Kernel LCR_KERNEL{forward, backward, workspace_size, W};

}  // namespace lcr
