// The decay tables of one head, filled by the instruction set that reads them.
#pragma once
#include "block.h"

namespace lcr {
namespace {

constexpr double kOmegaMax = 80;   // as in chunk.py: w is 0 to all digits
constexpr float kSlow = 3;         // up to this ω, w ≥ 2^-29: far from the smallest floats
constexpr int kLeaf = kRound;      // tokens whose scores come straight from the Toeplitz table
constexpr int kReach = kLeaf - 1;  // Toeplitz table of a leaf: offsets -kReach..kReach
constexpr int kNear = 2 * kRound;  // at eight floats a vector a channel's are one line of memory

// Decay tables of one head of up to kChannels channels; zero beyond its own.
template <int kChannels>
struct alignas(64) Tables {
  static constexpr int kStride = kChannels + 16;  // floats between tokens: no power of two
  float power[kRows][kStride];                 // w^j, natural: one row an exponent
  float halves[3][kChannels][kRows];           // w^(distance to the midpoint) for halves of 8, 16, 32, transposed
  float near[kChannels][kNear];                // u at kReach, w^(|i-t|-1) at kReach + i - t; one direction: 0 after it
  float near_rows[8][kStride];                 // u, 1, w, w², …: the same by distance, natural
  float step[kChannels], step_rest[kChannels]; // w^32 to twice the digits: it is applied once a chunk
  double rate[kChannels];                      // e^ω
};

// e^x as 2^n·e^r, |r| ≤ ln 2 / 2, by its series, for x up to 709, to a few units of the last place with fused
// multiply-adds and to about |x| of them without; below -708, where float32 has long been 0, e^-708. The same with any C
// library.
INLINE wide exponential(wide x) {
  constexpr double kLog2e = 0x1.71547652b82fep0, kLn2 = 0x1.62e42fefa39efp-1, kLn2Rest = 0x1.abc9e3b39803fp-56;
  constexpr double kToInteger = 0x1.8p52;  // doubles of this size have no digits after the point, n in their last bits
  constexpr int kTerms = 13;
  const wide least = all_wide(-708);
  x = x < least ? least : x;
  const wide shifted = x * kLog2e + kToInteger, n = shifted - kToInteger, r = (x - n * kLn2) - n * kLn2Rest;
  double coefficient = 1;
  for (int j = 2; j <= kTerms; ++j) coefficient /= j;
  wide sum = all_wide(coefficient);
  for (int j = kTerms; j > 0; --j) sum = sum * r + (coefficient *= j);
  wide_bits last, result;
  std::memcpy(&last, &shifted, sizeof last);
  std::memcpy(&result, &sum, sizeof result);
  result += last << 52;  // n more in the exponent
  std::memcpy(&sum, &result, sizeof sum);
  return sum;
}

// exp once a channel; powers as products in double, whose rounding float32 does not see.
template <int kChannels>
void fill(Tables<kChannels>& t, const float* omega, const float* u, int width, bool bidirectional) {
  const int padded = (width + 15) / 16 * 16;  // for any vector; zeros beyond the channels
  float log_rate[kChannels] = {}, one[kChannels] = {}, own[kChannels] = {};
  for (int d = 0; d < width; ++d) log_rate[d] = omega[d], one[d] = 1, own[d] = u[d];
  for (int d = 0; d < padded; d += kHalf) {
    const wide x = load_wide(log_rate + d), most = all_wide(kOmegaMax);
    const wide rate = exponential(x > most ? most : x), step = exponential(-rate);
    *reinterpret_cast<loose_wide*>(t.rate + d) = rate;
    wide power = load_wide(one + d);
    for (int j = 0; j < kRows; ++j, power *= step) {
      const half_vec rounded = __builtin_convertvector(power, half_vec);
      *reinterpret_cast<loose_half*>(t.power[j] + d) = rounded;
      if (j == kChunk) {
        *reinterpret_cast<loose_half*>(t.step + d) = rounded;
        *reinterpret_cast<loose_half*>(t.step_rest + d) =
            __builtin_convertvector(power - __builtin_convertvector(rounded, wide), half_vec);
      }
    }
  }
  for (int d = 0; d < padded; d += 8) {
    float mirror[8][2 * kChunk];  // …, w², w, 1, 1, w, w², …: every table by token is a piece of it
    for (int j = 0; j < kChunk; j += 8) transpose8(t.power[j] + d, t.kStride, mirror[0] + kChunk + j, 2 * kChunk);
    for (int i = 0; i < 8; ++i)
      for (int j = 0; j < kChunk; j += 8) {
        const vec8 x = *reinterpret_cast<loose8*>(mirror[i] + kChunk + j);
        *reinterpret_cast<loose8*>(mirror[i] + kChunk - 8 - j) = __builtin_shufflevector(x, x, 7, 6, 5, 4, 3, 2, 1, 0);
      }
    for (int i = 0; i < 8; ++i) {
      for (int level = kLeaf / 16, half = kLeaf; level < 3; ++level, half *= 2)
        for (int j = 0; j < kRows; j += 8)
          *reinterpret_cast<loose8*>(t.halves[level][d + i] + j) =
              *reinterpret_cast<const loose8*>(mirror[i] + kChunk - half + j % (2 * half));
      float* const near = t.near[d + i];
      for (int j = 0; j < kNear; j += 8) {  // the two ones become one u
        const float* from = mirror[i] + kChunk - kReach + j - (j > kReach ? 1 : 0);
        *reinterpret_cast<loose8*>(near + j) = *reinterpret_cast<const loose8*>(from);
      }
      near[kReach] = own[d + i];
      if (!bidirectional) std::memset(near + kReach + 1, 0, sizeof(float) * (kReach + 1));
    }
  }
  std::memcpy(t.near_rows[0], own, sizeof(float) * padded);
  for (int j = 1; j < 8; ++j) std::memcpy(t.near_rows[j], t.power[j - 1], sizeof(float) * padded);
}

}  // namespace
}  // namespace lcr
