// What differs between a GPU and a host. Everything else of the CUDA kernel is one source: NVRTC and nvcc compile it for
// a GPU, g++ compiles the very same text for tests (host.cpp: blocks in turn, a block's threads as fibers that stop at
// every barrier). Compiled once for each LCR_D (channels a head) and LCR_TYPE (0 float32, 1 bfloat16, 2 float16).
#pragma once

#if defined(__CUDACC__)
#define DEVICE __device__ __forceinline__
// At most 128 registers a thread, so that 512 threads share a multiprocessor: left alone, the compiler takes 150 and more.
// Where 96 or 192 threads make a block, that would spill; 384 share it.
#define RESIDENT(threads) ((threads) > 256 ? 1 : 512 % (threads) == 0 ? 512 / (threads) : 384 / (threads))
#define KERNEL(name, threads) extern "C" __global__ void __launch_bounds__(threads, RESIDENT(threads)) name
#define SHARED(type, name) __shared__ type name
#define UNROLL _Pragma("unroll")
#define UNROLL_SOME _Pragma("unroll 4")
#define KEEP_LOOP _Pragma("unroll 1")  // more would spill
#else
#include "host.h"
#endif

constexpr int kChunk = 32;  // tokens a chunk
constexpr int D = LCR_D;
constexpr double kOmegaMax = 80;  // as in chunk.py: w is 0 to all digits

// Four floats that load and store as one.
struct alignas(16) Quad {
  float at[4];
};
DEVICE Quad load(const float* p) { return *reinterpret_cast<const Quad*>(p); }
DEVICE void store(float* p, const Quad& x) { *reinterpret_cast<Quad*>(p) = x; }

// Elements in memory. The low precisions are converted here bit by bit: NVRTC alone has no headers for them.
#if LCR_TYPE == 0
using Element = float;
DEVICE float widen(Element x) { return x; }
DEVICE Element narrow(float x) { return x; }
#else
using Element = unsigned short;
#if LCR_TYPE == 1
DEVICE float widen(Element x) {
  union {
    unsigned bits;
    float number;
  } u = {static_cast<unsigned>(x) << 16};
  return u.number;
}
DEVICE Element narrow(float x) {  // to the nearest, ties to even; a NaN stays one
  union {
    float number;
    unsigned bits;
  } u = {x};
  if (x != x) return static_cast<Element>(u.bits >> 16 | 64);
  return static_cast<Element>((u.bits + 0x7fff + (u.bits >> 16 & 1)) >> 16);
}
#elif defined(__CUDACC__)
DEVICE float widen(Element x) {
  float y;
  asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x));
  return y;
}
DEVICE Element narrow(float x) {
  Element y;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y) : "f"(x));
  return y;
}
#else
DEVICE float widen(Element x) {
  union {
    Element bits;
    _Float16 number;
  } u = {x};
  return static_cast<float>(u.number);
}
DEVICE Element narrow(float x) {
  union {
    _Float16 number;
    Element bits;
  } u = {static_cast<_Float16>(x)};
  return u.bits;
}
#endif
#endif
