// Small matrix products out of registers, on vectors of LCR_WIDTH floats (GCC and clang vector extensions: the compiler
// lowers them to whatever the instruction set has). Everything is internal to the including file: the same names are
// compiled for several instruction sets, and the linker must never mix them.
#pragma once
#include <cstring>

#include "bi_wkv.h"

#define INLINE inline __attribute__((always_inline))
// For what has loops enough of its own: inlined into a long function it takes registers from its neighbours.
#define APART __attribute__((noinline))
// For loops over a register tile, which GCC otherwise keeps in memory, zeroed by `rep stos`, where a lambda is long; and
// for short loops over a row, where counting costs as much as the work.
#define UNROLL _Pragma("GCC unroll 8")

namespace lcr {
namespace {

constexpr int W = LCR_WIDTH;
constexpr int kHalf = W / 2;
constexpr int kBlock = 8;               // tokens are padded to this
constexpr int kRound = W > 8 ? W : 8;   // channels are padded to this
constexpr int kPanel = W == 16 ? 4 : 3; // vectors of columns in a register tile: 4x4 of 32, 4x3 of 16 registers

typedef float vec __attribute__((vector_size(W * 4)));
typedef float loose __attribute__((vector_size(W * 4), aligned(4), may_alias));
typedef float vec8 __attribute__((vector_size(32)));
typedef float loose8 __attribute__((vector_size(32), aligned(4), may_alias));

// Doubles in as many bytes: half as many numbers.
typedef double wide __attribute__((vector_size(W * 4)));
typedef double loose_wide __attribute__((vector_size(W * 4), aligned(8), may_alias));
typedef uint64_t wide_bits __attribute__((vector_size(W * 4)));
typedef float half_vec __attribute__((vector_size(W * 2)));
typedef float loose_half __attribute__((vector_size(W * 2), aligned(4), may_alias));

INLINE vec load(const float* p) { return *reinterpret_cast<const loose*>(p); }
INLINE void store(float* p, vec x) { *reinterpret_cast<loose*>(p) = x; }
INLINE wide load_wide(const float* p) {
  return __builtin_convertvector(*reinterpret_cast<const loose_half*>(p), wide);
}
// step(d) for each vector of a row, four at a time: a row of 64 channels at 16 floats a vector is no more than that.
template <class Step>
INLINE void by_vectors(int count, const Step& step) {
  int d = 0;
  for (; d + 4 * W <= count; d += 4 * W)
    UNROLL for (int i = 0; i < 4 * W; i += W) step(d + i);
  for (; d + W <= count; d += W) step(d);
}
INLINE void copy(float* to, const float* from, int count) {
  by_vectors(count, [&](int d) { store(to + d, load(from + d)); });
  for (int d = count / W * W; d < count; ++d) to[d] = from[d];
}
INLINE vec all(float x) { return x - vec{}; }
INLINE wide all_wide(double x) { return x - wide{}; }
INLINE int round_up(int64_t x) { return static_cast<int>((x + kRound - 1) / kRound * kRound); }

// While it lives, this thread takes subnormal floats (below 2^-126) for zero, on x86-64. Powers of w pass through them on
// their way to zero, and for each instruction that meets one an Intel core stops to run microcode: with ω up to 1 both
// passes took 1.1 times as long, up to 5 seven times.
class Flush {
 public:
#if defined(__x86_64__)
  INLINE explicit Flush(bool on = true) : before_(read()), changes_(on && (before_ & kBoth) != kBoth) {
    if (changes_) write(before_ | kBoth);
  }
  INLINE ~Flush() {
    if (changes_) write(before_);
  }
  Flush(const Flush&) = delete;

 private:
  static constexpr unsigned kBoth = 0x8040;  // flush to zero what comes out, take for zero what goes in
  // "memory": what is loaded and stored in a Flush's life stays in it, and with it what is computed in between.
  INLINE static unsigned read() {
    unsigned word;
    asm volatile("stmxcsr %0" : "=m"(word) : : "memory");
    return word;
  }
  INLINE static void write(unsigned word) { asm volatile("ldmxcsr %0" : : "m"(word) : "memory"); }
  const unsigned before_;
  const bool changes_;
#else
  explicit Flush(bool = true) {}
#endif
};

// One term of a sum of products: A(m, k) = a[m·AM + k·step], B row k = b + k·ldb, k < depth.
template <int AM, int AK>
struct Term {
  const float* a;
  const float* b;
  int64_t ldb;
  int depth;
  int64_t step = AK;
};
template <int MR, int NR, int AM, int AK>
INLINE void accumulate(vec (&acc)[MR][NR], const Term<AM, AK>& term, int row, int column) {
  const float* a = term.a + static_cast<int64_t>(row) * AM;
  const float* b = term.b + column;
  for (int k = 0; k < term.depth; ++k, a += term.step, b += term.ldb) {
    vec right[NR];
    UNROLL for (int n = 0; n < NR; ++n) right[n] = load(b + n * W);
    UNROLL for (int m = 0; m < MR; ++m) {
      const vec left = all(a[m * AM]);
      UNROLL for (int n = 0; n < NR; ++n) acc[m][n] += left * right[n];
    }
  }
}

// act(m, vector) for each row m of a column of vectors.
template <int MR, class Act>
INLINE void for_rows(const vec (&sums)[MR], const Act& act) {
  UNROLL for (int m = 0; m < MR; ++m) act(m, sums[m]);
}
template <int MR>
constexpr int count_of(const vec (&)[MR]) {
  return MR;
}

// An emit(row, column, vector), and one of all rows of a column of vectors: what they share stays in a register.
template <class Emit, int MR>
INLINE void deliver(const Emit& emit, int row, int column, const vec (&sums)[MR]) {
  for_rows(sums, [&](int m, vec x) { emit(row + m, column, x); });
}
template <class Emit>
struct ByColumn {
  Emit emit;
};
template <class Emit>
ByColumn(Emit) -> ByColumn<Emit>;
template <class Emit, int MR>
INLINE void deliver(const ByColumn<Emit>& by, int row, int column, const vec (&sums)[MR]) {
  by.emit(row, column, sums);
}

template <int NR, class Emit, class... Terms>
INLINE void panel(int rows, int column, const Emit& emit, const Terms&... terms) {
  constexpr int MR = NR == 1 ? 8 : 4;
  for (int row = 0; row < rows; row += MR) {
    vec acc[MR][NR];
    UNROLL for (int m = 0; m < MR; ++m)
      UNROLL for (int n = 0; n < NR; ++n) acc[m][n] = vec{};
    (accumulate(acc, terms, row, column), ...);
    UNROLL for (int n = 0; n < NR; ++n) {
      vec sums[MR];
      UNROLL for (int m = 0; m < MR; ++m) sums[m] = acc[m][n];
      deliver(emit, row, column + n * W, sums);
    }
  }
}

// emit(row, column, vector) for all of Σ terms A·B; rows a multiple of 8, columns of W. Arguments by value: what is
// reached through a reference is read again after each store.
template <class Emit, class... Terms>
APART void product(int rows, int columns, Emit emit, Terms... terms) {
  int left = columns / W;
  for (int column = 0; left > 0;) {
    if (kPanel == 4 && (left == 4 || left >= 7)) {
      panel<4>(rows, column, emit, terms...), column += 4 * W, left -= 4;
    } else if (left == 3 || left >= 5) {
      panel<3>(rows, column, emit, terms...), column += 3 * W, left -= 3;
    } else if (left >= 2) {
      panel<2>(rows, column, emit, terms...), column += 2 * W, left -= 2;
    } else {
      panel<1>(rows, column, emit, terms...), column += W, left -= 1;
    }
  }
}
// to[j][i] = from[i][j] for an 8×8 block.
INLINE void transpose8(const float* from, int64_t ld_from, float* to, int64_t ld_to) {
  vec8 a[8], b[8];
  for (int i = 0; i < 8; ++i) a[i] = *reinterpret_cast<const loose8*>(from + i * ld_from);
  for (int i = 0; i < 4; ++i) {
    b[2 * i] = __builtin_shufflevector(a[2 * i], a[2 * i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    b[2 * i + 1] = __builtin_shufflevector(a[2 * i], a[2 * i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int half = 0; half < 8; half += 4) {
    a[half + 0] = __builtin_shufflevector(b[half], b[half + 2], 0, 1, 8, 9, 4, 5, 12, 13);
    a[half + 1] = __builtin_shufflevector(b[half], b[half + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    a[half + 2] = __builtin_shufflevector(b[half + 1], b[half + 3], 0, 1, 8, 9, 4, 5, 12, 13);
    a[half + 3] = __builtin_shufflevector(b[half + 1], b[half + 3], 2, 3, 10, 11, 6, 7, 14, 15);
  }
  for (int i = 0; i < 4; ++i) {
    vec8 low = __builtin_shufflevector(a[i], a[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    vec8 high = __builtin_shufflevector(a[i], a[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    *reinterpret_cast<loose8*>(to + i * ld_to) = low;
    *reinterpret_cast<loose8*>(to + (i + 4) * ld_to) = high;
  }
}

// to (columns × rows) = from (rows × columns) transposed; both multiples of 8.
inline void transpose(const float* from, int64_t ld_from, int rows, int columns, float* to, int64_t ld_to) {
  for (int j = 0; j < columns; j += 8)
    for (int i = 0; i < rows; i += 8) transpose8(from + i * ld_from + j, ld_from, to + j * ld_to + i, ld_to);
}

}  // namespace
}  // namespace lcr
