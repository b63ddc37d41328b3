// What is behind the C interface: choice of instruction set, memory, threads.
#include <atomic>
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
#include "interface.h"

namespace lcr {
namespace {

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

// Memory that a thread keeps from call to call, since fresh pages cost more than a short sequence.
class Memory {
 public:
  Memory() = default;
  Memory(const Memory&) = delete;
  ~Memory() { std::free(data_); }
  void* at_least(int64_t bytes) {
    if (bytes <= bytes_) return data_;
    std::free(data_);
    bytes_ = (bytes + 4095) / 4096 * 4096;
    data_ = std::aligned_alloc(64, static_cast<size_t>(bytes_));
    if (!data_) bytes_ = 0;
    prefer_large_pages(data_, bytes_);
    return data_;
  }
  // To be called when a call's work is done: the states of a long sequence go back.
  void trim() {
    if (bytes_ <= kMost) return;
    std::free(data_);
    data_ = nullptr, bytes_ = 0;
  }

 private:
  static constexpr int64_t kMost = 16 << 20;
  void* data_ = nullptr;
  int64_t bytes_ = 0;
};

// Runs work(task, the thread's task before it or -1, the thread's memory of `bytes`) for all tasks on up to `threads`
// threads; false when memory is out.
template <class Work>
bool run(int64_t tasks, int threads, int64_t bytes, const Work& work) {
  std::atomic<int64_t> next{0};
  std::atomic<bool> failed{false};
  const auto loop = [&] {
    thread_local Memory own;
    void* const memory = own.at_least(bytes);
    if (!memory) {
      failed = true;
      return;
    }
    for (int64_t task, last = -1; (task = next++) < tasks; last = task) work(task, last, memory);
    own.trim();
  };
  std::vector<std::thread> others;
  const int64_t more = (threads < tasks ? threads : tasks) - 1;
  if (more > 0) others.reserve(static_cast<size_t>(more));  // at once, so that no growth fails while threads run
  try {
    for (int64_t i = 0; i < more; ++i) others.emplace_back(loop);
  } catch (const std::system_error&) {  // no more threads to be had: those that started serve
  }
  loop();
  for (auto& other : others) other.join();
  return !failed;
}

}  // namespace
}  // namespace lcr

using namespace lcr;

extern "C" {

int lcr_bi_wkv_isa() { return best(); }

const char* lcr_bi_wkv_sources() { return LCR_SOURCES; }

int lcr_bi_wkv(const LcrCall* call) {
  const int64_t batches = call->batches, heads = call->heads, tokens = call->tokens, width = call->width;
  const auto tensor = [&](int i) {
    const LcrTensor& x = call->tensors[i];
    return Tensor{x.data, x.batch, x.head, x.token};
  };
  Problem p{batches, heads, tokens, static_cast<int>(width), call->bidirectional != 0, call->omega, call->u,
            tensor(0), tensor(1), tensor(2), tensor(3), {}, {}, {}};
  const bool backward = call->d_omega != nullptr;
  if (!batches || !heads || !tokens || !width) {
    for (int64_t i = 0; backward && i < heads * width; ++i) call->d_omega[i] = call->d_u[i] = 0;
    return 0;
  }
  if (backward) p.dr = tensor(4), p.dk = tensor(5), p.dv = tensor(6);
  for (int i = backward ? 4 : 3; i < (backward ? 7 : 4); ++i) prefer_large_pages(p, tensor(i));  // what is written
  const Kernel& k = kernel(static_cast<int>(call->isa));
  // a thread costs more than this little work
  const int threads = batches * heads * tokens * width * width < 1 << 20 ? 1 : static_cast<int>(call->threads);
  const int64_t tasks = batches * heads;
  try {
    std::vector<Slopes> slopes(static_cast<size_t>(backward ? tasks : 0));
    const bool done = run(tasks, threads, k.size(p, backward), [&](int64_t task, int64_t last, void* memory) {
      const int64_t h = task / batches, b = task % batches;  // a head's batches in a row: they share its tables
      const bool same = last >= 0 && last / batches == h;
      if (backward)
        k.backward(p, b, h, same, memory, slopes[static_cast<size_t>(task)]);
      else
        k.forward(p, b, h, same, memory);
    });
    if (!done) return 1;
    for (int64_t h = 0; backward && h < heads; ++h)
      for (int d = 0; d < p.width; ++d) {
        double omega = 0, own = 0;  // batches in order, whatever thread had them
        for (int64_t b = 0; b < batches; ++b) {
          const Slopes& s = slopes[static_cast<size_t>(h * batches + b)];
          omega += s.omega[d], own += s.u[d];
        }
        call->d_omega[h * width + d] = static_cast<float>(omega);
        call->d_u[h * width + d] = static_cast<float>(own);
      }
    return 0;
  } catch (const std::bad_alloc&) {
    return 1;
  }
}
}
