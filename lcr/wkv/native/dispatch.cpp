// The C interface: decay tables, choice of instruction set, threads. No Python and no torch in here.
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "bi_wkv.h"

namespace lcr {
namespace {

constexpr double kOmegaMax = 80;  // as in chunk.py: w is 0 to all digits

// exp once a channel; powers as products in double, which float32 does not see the rounding of.
void fill(Tables& t, const float* omega, const float* u, int width, bool bidirectional) {
  const int padded = (width + 15) / 16 * 16;  // for any vector; zeros beyond the channels
  double w[kMaxWidth] = {}, power[kMaxWidth] = {};
  for (int d = 0; d < width; ++d) {
    t.rate[d] = std::exp(omega[d] > kOmegaMax ? kOmegaMax : static_cast<double>(omega[d]));
    w[d] = std::exp(-t.rate[d]);
    power[d] = 1;
  }
  for (int j = 0; j <= kChunk; ++j)
    for (int d = 0; d < padded; ++d) {
      t.power[j][d] = static_cast<float>(power[d]);
      if (j < kChunk) power[d] *= w[d];
    }
  for (int d = 0; d < padded; ++d) {
    t.step[d] = t.power[kChunk][d];
    t.step_rest[d] = static_cast<float>(power[d] - t.step[d]);
    float mirror[2 * kChunk];  // …, w², w, 1, 1, w, w², …: every table by token is a piece of it
    for (int j = 0; j < kChunk; ++j) mirror[kChunk - 1 - j] = mirror[kChunk + j] = t.power[j][d];
    for (int level = 0; level < 2; ++level)
      for (int i = 0, half = 8 << level; i < kChunk; i += 2 * half)
        std::memcpy(&t.halves[level][d][i], mirror + kChunk - half, sizeof(float) * 2 * half);
    float* const near = t.near[d];
    std::memcpy(near, mirror + kChunk - kReach, sizeof(float) * kReach);
    near[kReach] = d < width ? u[d] : 0;
    if (bidirectional)
      std::memcpy(near + kReach + 1, mirror + kChunk, sizeof(float) * kReach);
    else
      std::memset(near + kReach + 1, 0, sizeof(float) * kReach);
    near[2 * kReach + 1] = 0;
    t.near_rows[0][d] = near[kReach];
  }
  for (int j = 1; j < 8; ++j) std::memcpy(t.near_rows[j], t.power[j - 1], sizeof(float) * padded);
}

// 0 portable, 1 AVX2 with FMA, 2 AVX-512: the best that this machine runs.
int best() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx2") &&
      __builtin_cpu_supports("fma"))
    return 2;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 1;
#endif
  return 0;
}

// The kernel of that number; below 0 the best.
const Kernel& kernel(int isa) {
  if (isa < 0) isa = best();
#if defined(__x86_64__)
  if (isa == 2) return kAvx512;
  if (isa == 1) return kAvx2;
#endif
  return kPortable;
}

// Asks for pages of 2 MB under memory that is about to be written for the first time, where Linux gives them on request:
// results that a call allocates anew at N = 12544 are thousands of small pages, and meeting each costs a fifth of the call.
void prefer_large_pages(void* data, int64_t bytes) {
#if defined(__linux__)
  constexpr int64_t kSmall = 4096, kWorth = 4 << 20;
  if (!data || bytes < kWorth) return;
  const uintptr_t address = reinterpret_cast<uintptr_t>(data), first = (address + kSmall - 1) / kSmall * kSmall;
  madvise(reinterpret_cast<void*>(first), (address + static_cast<uintptr_t>(bytes) - first) / kSmall * kSmall,
          MADV_HUGEPAGE);  // advice: that it is not taken is no error
#endif
}
void prefer_large_pages(const Problem& p, const Tensor& x) {
  if (x.token == p.width && x.head == p.tokens * x.token && x.batch == p.heads * x.head)
    prefer_large_pages(x.data, p.batches * x.batch * static_cast<int64_t>(sizeof(float)));
}

// Memory that a thread keeps from call to call, since fresh pages cost more than a short sequence; large states go back.
class Memory {
 public:
  Memory() = default;
  Memory(const Memory&) = delete;
  ~Memory() { std::free(data_); }
  void* at_least(int64_t bytes) {
    if (bytes <= bytes_ && bytes_ <= kKept) return data_;
    std::free(data_);
    bytes_ = (bytes + 4095) / 4096 * 4096;
    data_ = std::aligned_alloc(64, static_cast<size_t>(bytes_));
    if (!data_) bytes_ = 0;
    prefer_large_pages(data_, bytes_);
    return data_;
  }

 private:
  static constexpr int64_t kKept = 16 << 20;
  void* data_ = nullptr;
  int64_t bytes_ = 0;
};

// Runs work(task, workspace) for all tasks on up to `threads` threads; false when memory is out.
template <class Work>
bool run(int64_t tasks, int threads, int64_t workspace, const Work& work) {
  std::atomic<int64_t> next{0};
  std::atomic<bool> failed{false};
  const auto loop = [&] {
    thread_local Memory kept;
    void* const memory = kept.at_least(workspace);
    if (!memory) {
      failed = true;
      return;
    }
    for (int64_t task; (task = next++) < tasks;) work(task, memory);
  };
  std::vector<std::thread> others;
  try {
    for (int64_t i = 1; i < threads && i < tasks; ++i) others.emplace_back(loop);
  } catch (const std::system_error&) {  // no more threads to be had: those that started serve
  }
  loop();
  for (auto& other : others) other.join();
  return !failed;
}

}  // namespace
}  // namespace lcr

using namespace lcr;

#define EXPORT __attribute__((visibility("default")))

extern "C" {

struct LcrTensor {
  float* data;
  int64_t batch, head, token;
};

// What the library was compiled from.
EXPORT const char* lcr_bi_wkv_sources() { return LCR_SOURCES; }

// The number of the best kernel that this machine runs.
EXPORT int lcr_bi_wkv_isa() { return best(); }

// isa: the kernel's number, or below 0 for the best.
// tensors: r, k, v, y, or r, k, v, dy, dr, dk, dv when d_omega is not null; omega, u and their slopes (H, D) contiguous.
// Returns 0, or 1 when memory is out.
EXPORT int lcr_bi_wkv(int isa, int threads, int64_t batches, int64_t heads, int64_t tokens, int64_t width,
                      int bidirectional, const LcrTensor* tensors, const float* omega, const float* u, float* d_omega,
                      float* d_u) {
  const auto tensor = [&](int i) {
    return Tensor{tensors[i].data, tensors[i].batch, tensors[i].head, tensors[i].token};
  };
  Problem p{batches, heads, tokens, static_cast<int>(width), bidirectional != 0, tensor(0), tensor(1), tensor(2),
            tensor(3), {}, {}, {}};
  const bool backward = d_omega != nullptr;
  if (backward) p.dr = tensor(4), p.dk = tensor(5), p.dv = tensor(6);
  for (int i = backward ? 4 : 3; i < (backward ? 7 : 4); ++i) prefer_large_pages(p, tensor(i));  // what is written
  const Kernel& k = kernel(isa);
  try {
    thread_local Memory kept;
    Tables* const tables = static_cast<Tables*>(kept.at_least(heads * static_cast<int64_t>(sizeof(Tables))));
    if (!tables) return 1;
    for (int64_t h = 0; h < heads; ++h) fill(tables[h], omega + h * width, u + h * width, p.width, p.bidirectional);
    // a thread costs more than this little work
    if (batches * heads * tokens * width * width < 1 << 20) threads = 1;
    const int64_t tasks = batches * heads, workspace = k.workspace(p, backward);
    if (!backward)
      return !run(tasks, threads, workspace,
                  [&](int64_t i, void* memory) { k.forward(p, tables[i % heads], i / heads, i % heads, memory); });
    std::vector<Slopes> slopes(static_cast<size_t>(tasks));
    if (!run(tasks, threads, workspace, [&](int64_t i, void* memory) {
          k.backward(p, tables[i % heads], i / heads, i % heads, memory, slopes[static_cast<size_t>(i)]);
        }))
      return 1;
    for (int64_t h = 0; h < heads; ++h)
      for (int d = 0; d < p.width; ++d) {
        double log_w = 0, own = 0;  // batches in order, whatever thread had them
        for (int64_t b = 0; b < batches; ++b) {
          const Slopes& s = slopes[static_cast<size_t>(b * heads + h)];
          log_w += s.log_w[d], own += s.u[d];
        }
        d_omega[h * width + d] = static_cast<float>(-tables[h].rate[d] * log_w);
        d_u[h * width + d] = static_cast<float>(own);
      }
    return 0;
  } catch (const std::bad_alloc&) {
    return 1;
  }
}
}
