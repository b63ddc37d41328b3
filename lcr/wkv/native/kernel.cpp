// Bi-WKV of one (batch, head), forward and backward, in the chunk form of lcr/wkv/chunk.py.
// Compiled once per instruction set with LCR_WIDTH (floats a vector) and LCR_KERNEL (the name to define).
#include "workspace.h"

namespace lcr {
namespace {

// One sequence: its sizes, its tables, and the steps of both passes over its chunks.
template <int kChannels>
struct Sequence {
  using Work = Workspace<kChannels>;
  using Rows = typename Work::Rows;
  static constexpr int T = Work::T;
  using Natural = Term<T, 1>;  // A = a chunk, k along channels
  using Across = Term<1, T>;   // A = a chunk transposed, k along tokens, T apart or as said

  const Problem& p;
  const Tables<kChannels>& tables;
  Work& w;
  const int64_t b, h;
  const int64_t chunks = chunks_of(p.tokens);
  const int width = round_up(p.width);
  const int64_t square = static_cast<int64_t>(width) * width;
  float* const states = reinterpret_cast<float*>(&w + 1);  // running states, then those stored per chunk

  int count(int64_t c) const { return c + 1 < chunks ? kChunk : static_cast<int>(p.tokens - c * kChunk); }
  int rows(int64_t c) const { return (count(c) + kBlock - 1) / kBlock * kBlock; }

  void read(Rows& to, const Tensor& from, int64_t c) const {
    const int n = count(c);
    const float* source = at(from, c);
    for (int t = 0; t < n; ++t, source += from.token) {
      copy(to[t], source, p.width);
      for (int d = p.width; d < width; ++d) to[t][d] = 0;
    }
    for (int t = n; t < rows(c); ++t) std::memset(to[t], 0, sizeof(float) * width);
  }
  // The same, scaled by w^exponent(t).
  template <class Exponent>
  INLINE void read_scaled(Rows& to, const Tensor& from, int64_t c, const Exponent& exponent) const {
    if (whole(c))
      scale(to, at(from, c), from.token, kChunk, exponent);
    else
      read(to, from, c), scale(to, to[0], T, rows(c), exponent);
  }
  void write(const Rows& from, const Tensor& to, int64_t c) const {
    float* target = at(to, c);
    for (int t = 0; t < count(c); ++t, target += to.token) copy(target, from[t], p.width);
  }
  float* at(const Tensor& x, int64_t c) const { return x.at(b, h) + c * kChunk * x.token; }
  // Whether all channels decay so slowly that the gradients, too, can be taken with subnormal numbers for zero: dω of a
  // channel is some w·r·k·(v·dy), of which w ≥ 2^-29 leaves the rest 2^73 before a bit of it is lost. What the forward
  // pass makes (states, scores, y) is a sum of products with 1 as well as w and its powers: there it can always be.
  bool slow() const {
    const float* omega = p.omega + h * p.width;
    bool all = true;
    for (int d = 0; d < p.width; ++d) all &= omega[d] <= kSlow;
    return all;
  }
  // Whether a chunk needs no padding, so that products can read and write it where it is.
  bool whole(int64_t c) const { return count(c) == kChunk && p.width == width; }

  // Chunk c of a tensor, or the state stored for it; the nearest where there is none.
  Ahead ahead(const Tensor& x, int64_t c) const { return ahead(x.at(b, h), kChunk * x.token, x.token, c, chunks); }
  Ahead ahead(const float* stored, int64_t c) const { return ahead(stored, square, width, c, chunks - 1); }
  Ahead ahead(const float* first, int64_t step, int64_t stride, int64_t c, int64_t count) const {
    if (chunks <= kFits) return {0, 0};
    c = c < 0 ? 0 : c < count ? c : count - 1;
    return {reinterpret_cast<uintptr_t>(first + c * step), static_cast<uint64_t>(stride) * sizeof(float)};
  }

  // A chunk to read, copied to `own` if it needs padding; and where to write one, which `write` then brings home.
  Block block(Rows& own, const Tensor& x, int64_t c) const {
    if (whole(c)) return {at(x, c), x.token};
    read(own, x, c);
    return own;
  }
  Block room(Rows& own, const Tensor& x, int64_t c) const {
    return whole(c) ? Block{at(x, c), x.token} : Block{own};
  }

  // What a product emits to rows of `to`, asking ahead for chunk c of r, k and y.
  auto to_rows(const Block& to, int64_t c) const {
    const Ahead next_r = ahead(p.r, c), next_k = ahead(p.k, c), next_y = ahead(p.y, c);
    return ByColumn{[=](int first, int d, const auto& x) {
      const int rows = count_of(x);
      next_r(first, d, rows), next_k(first, d, rows), next_y(first, d, rows);
      for_rows(x, [=](int m, vec sum) { store(to[first + m] + d, sum); });
    }};
  }

  // to[t] = from[t] ⊙ w^exponent(t). Sizes are copied before such loops: for all GCC knows, a store could change `this`.
  template <class Exponent>
  INLINE void scale(Rows& to, const float* from, int64_t ld, int n, const Exponent& exponent) const {
    const Flush flush;
    const int columns = width;
    for (int t = 0; t < n; ++t, from += ld) {
      const float* power = tables.power[exponent(t)];
      by_vectors(columns, [&](int d) { store(to[t] + d, load(from + d) * load(power + d)); });
    }
  }
  static int position(int t) { return t; }
  static int rest(int t) { return kChunk - 1 - t; }  // of a chunk that another follows
  void scale_by_position(Rows& to, const Block& from, int n) const { scale(to, from.data, from.ld, n, position); }
  void scale_to_midpoint(Rows& to, const Block& from, int n, int half) const {
    scale(to, from.data, from.ld, n, [=](int t) { return to_midpoint(t, half); });
  }
  void scale_by_rest(Rows& to, const Block& from, int n) const { scale(to, from.data, from.ld, n, rest); }

  // state = w^32 ⊙ before + leftᵀ·right, rows of channels of k (forward); before null: no state yet.
  template <class Ask>
  void advance(float* state, const float* before, const Rows& k, const Block& v, int n, const Ask& next) const {
    const float *step = tables.step, *rest = tables.step_rest;
    const int64_t ld = width;
    const Across term{k[0], v.data, v.ld, n};
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
  void advance_turned(float* state, const float* before, const Rows& k, const Block& v, int n, const Ask& next) const {
    const Flush flush;
    const float *step = tables.step, *rest = tables.step_rest;
    const int64_t ld = width;
    const Across term{v.data, k[0], T, n, v.ld};
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

  // Scores of readers × writers of one leaf, eight readers at once: with four, each addition would wait for the one
  // before it.
  void leaf_scores(const Block& from, int first, int n) {
    const int64_t ld = from.ld;
    for (int t0 = first; t0 < first + kLeaf && t0 < n; t0 += 8)
      for (int i0 = first; i0 < first + kLeaf; i0 += W) {
        const float *r = from[t0], *k = w.k_turned[0] + i0, *near = tables.near[0] + kReach + i0 - t0;
        vec acc[8] = {};
        for (int d = width; d > 0; --d, ++r, k += kRows, near += kNear) {
          const vec key = load(k);
          UNROLL for (int m = 0; m < 8; ++m) acc[m] += all(r[m * ld]) * (key * load(near - m));
        }
        UNROLL for (int m = 0; m < 8; ++m) store(w.scores[t0 + m] + i0, acc[m]);
      }
  }
  // Scores across the midpoints of halves of `half` tokens: writers from keys scaled and transposed.
  APART void half_scores(const Block& r, int half, int n) {
    const Flush flush;
    const float(*table)[kRows] = tables.halves[half / 16];
    const auto& from = w.k_turned;
    auto& to = w.k_level;
    const int channels = width;
    for (int i = 0; i < n; i += W)
      UNROLL for (int d = 0; d < channels; ++d) store(to[d] + i, load(from[d] + i) * load(table[d] + i));
    scale_to_midpoint(w.r_scaled, r, n, half);
    for (int low = 0; low + half < n; low += 2 * half) {
      const int middle = low + half, upper = n - middle < half ? n - middle : half;
      across(middle, upper, low, half);
      if (p.bidirectional) across(low, half, middle, upper);
    }
  }
  void across(int reader, int readers, int writer, int writers) {
    float* to = &w.scores[reader][writer];
    product(
        readers, round_up(writers), [=](int t, int i, vec x) { store(to + t * kRows + i, x); },
        Natural{w.r_scaled[reader], &w.k_level[0][writer], kRows, width});
  }
  APART void near_scores(const Block& r, const Block& k, int n) {
    const Flush flush;
    transpose(k.data, k.ld, n, width, w.k_turned[0], kRows);
    if (!p.bidirectional) std::memset(w.scores, 0, sizeof(Square));
    for (int first = 0; first < n; first += kLeaf) leaf_scores(r, first, n);
  }

  // Whether all numbers of two blocks of the chunk are finite.
  APART bool finite(const Block& first, const Block& second, int n) const {
    vec sum = {};
    for (int t = 0; t < n; ++t)
      for (int d = 0; d < width; d += W) {
        const vec a = load(first[t] + d), b = load(second[t] + d);
        sum += (a - a) + (b - b);
      }
    float total = 0;
    for (int i = 0; i < W; ++i) total += sum[i];
    return total == 0;
  }
  // One direction's pairs inside a chunk one by one: products would give 0·NaN to tokens that a NaN does not reach.
  // Adds to y what its tokens read of v; or, turned, to dv what is read of its tokens, from dy.
  template <bool kTurned>
  APART void add_pairs(const Block& from, const Block& to, int n) {
    for (int t = 0; t < n; ++t)
      for (int i = 0; i <= t; ++i) {
        float score = 0;
        for (int d = 0; d < p.width; ++d)
          score += w.r[t][d] * (i == t ? tables.near_rows[0][d] : tables.power[t - i - 1][d]) * w.k[i][d];
        for (int d = 0; d < p.width; ++d) to[kTurned ? i : t][d] += score * from[kTurned ? t : i][d];
      }
  }

  void forward() {
    const Flush flush;
    float* const past = states;             // S_f, in place
    float* const future = states + square;  // S_b after each chunk but the last
    if (p.bidirectional)
      for (int64_t c = chunks - 1; c > 0; --c) {
        const int n = rows(c);
        read_scaled(w.k_future, p.k, c, position);
        advance(future + (c - 1) * square, c + 1 < chunks ? future + c * square : nullptr, w.k_future,
                block(w.v, p.v, c), n,
                Next{ahead(future, c - 2), ahead(p.k, c - 1), ahead(p.v, c - 1)});
      }
    for (int64_t c = 0; c < chunks; ++c) {
      const int n = rows(c);
      const bool has_past = c > 0, has_future = p.bidirectional && c + 1 < chunks;
      const Block r = block(w.r, p.r, c), k = block(w.k, p.k, c), v = block(w.v, p.v, c), y = room(w.y, p.y, c);
      const bool by_pairs = !p.bidirectional && !finite(k, v, n);
      if (!by_pairs) {
        near_scores(r, k, n);
        for (int half = kLeaf; half < n; half *= 2) half_scores(r, half, n);
      }
      if (has_past) scale_by_position(w.r_past, r, n);
      if (has_future) scale_by_rest(w.r_future, r, n);
      product(
          n, width, to_rows(y, c + 1), Term<kRows, 1>{w.scores[0], v.data, v.ld, by_pairs ? 0 : n},
          Natural{w.r_past[0], past, width, has_past ? width : 0},
          Natural{w.r_future[0], future + c * square, width, has_future ? width : 0});
      // what add_pairs reads of r and k, a chunk read in place has not filled
      if (by_pairs) read(w.r, p.r, c), read(w.k, p.k, c), add_pairs<false>(v, y, n);
      if (!whole(c)) write(w.y, p.y, c);
      if (c + 1 < chunks) {
        scale_by_rest(w.k_past, k, n);
        const Ahead next_v = ahead(p.v, c + 1);
        advance(past, has_past ? past : nullptr, w.k_past, v, n,
                Next{p.bidirectional ? ahead(future, c + 1) : next_v, next_v, next_v});
      }
    }
  }

#include "backward.h"
};

// A thread's memory holds tables, workspace, states. A head of up to 64 channels has rows half as long: memory is met
// page by page, and the wide rows cost N = 197 another 3%.
template <int kChannels>
Sequence<kChannels> sequence(const Problem& p, int64_t b, int64_t h, bool same, void* memory) {
  auto& tables = *static_cast<Tables<kChannels>*>(memory);
  if (!same) fill(tables, p.omega + h * p.width, p.u + h * p.width, p.width, p.bidirectional);
  return {p, tables, *reinterpret_cast<Workspace<kChannels>*>(&tables + 1), b, h};
}
constexpr int kNarrow = kMaxWidth / 2;

void forward(const Problem& p, int64_t b, int64_t h, bool same, void* memory) {
  p.width > kNarrow ? sequence<kMaxWidth>(p, b, h, same, memory).forward()
                    : sequence<kNarrow>(p, b, h, same, memory).forward();
}

void backward(const Problem& p, int64_t b, int64_t h, bool same, void* memory, Slopes& slopes) {
  p.width > kNarrow ? sequence<kMaxWidth>(p, b, h, same, memory).backward(slopes)
                    : sequence<kNarrow>(p, b, h, same, memory).backward(slopes);
}

int64_t size(const Problem& p, bool backward) {
  const int64_t square = static_cast<int64_t>(round_up(p.width)) * round_up(p.width);
  const int64_t chunks = chunks_of(p.tokens);
  const int64_t states = backward ? 4 + 2 * chunks : 1 + (p.bidirectional ? chunks : 0);
  const size_t fixed = p.width > kNarrow ? sizeof(Tables<kMaxWidth>) + sizeof(Workspace<kMaxWidth>)
                                         : sizeof(Tables<kNarrow>) + sizeof(Workspace<kNarrow>);
  return static_cast<int64_t>(fixed) + states * square * static_cast<int64_t>(sizeof(float));
}

}  // namespace

extern const Kernel LCR_KERNEL;
const Kernel LCR_KERNEL{forward, backward, size};

}  // namespace lcr
