// Runs the CUDA kernel's own source on the host: blocks in turn, a block's threads as fibers that give way at every
// barrier and go on when all have come. Shared memory starts each block as NaN. With lcr_host_backwards the threads run
// in the opposite order between barriers: where a barrier is missing, the numbers change.
#include <ucontext.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "kernel.cu"

namespace lcr_host {
namespace {

constexpr std::size_t kStack = 64 << 10, kShared = 48 << 10;  // what every GPU gives a block without being asked

alignas(64) char memory[kShared];
std::size_t used = 0;
bool backwards = false, broken = false;
ucontext_t scheduler;
std::function<void()> body;

struct Fiber {
  ucontext_t context;
  std::unique_ptr<char[]> stack{new char[kStack]};
  bool finished = false;
};
std::vector<Fiber> fibers;
Fiber* current = nullptr;

void start() {
  used = 0;
  body();
  current->finished = true;  // uc_link goes back to the scheduler
}

// One block; false when some threads ended while others wait at a barrier.
bool run_block(unsigned threads) {
  std::memset(memory, 0xff, sizeof memory);
  while (fibers.size() < threads) fibers.emplace_back();
  for (unsigned i = 0; i < threads; ++i) {
    Fiber& fiber = fibers[i];
    fiber.finished = false;
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.context.uc_stack.ss_size = kStack;
    fiber.context.uc_link = &scheduler;
    makecontext(&fiber.context, start, 0);
  }
  for (unsigned finished = 0; finished == 0;) {
    for (unsigned i = 0; i < threads; ++i) {
      threadIdx.x = backwards ? threads - 1 - i : i;
      current = &fibers[threadIdx.x];
      swapcontext(&scheduler, &current->context);
      finished += current->finished;
    }
    if (finished > 0) return finished == threads;
  }
  return true;
}

template <class Argument>
Argument as(long long x) {
  if constexpr (std::is_pointer_v<Argument>)
    return reinterpret_cast<Argument>(static_cast<std::intptr_t>(x));
  else
    return x;
}

template <class... Arguments, std::size_t... I>
int run(void (*kernel)(Arguments...), long long x, long long y, long long threads, const long long* arguments,
        std::index_sequence<I...>) {
  broken = false;
  body = [=] { kernel(as<Arguments>(arguments[I])...); };
  for (long long block = 0; block < x * y && !broken; ++block) {
    blockIdx = {static_cast<unsigned>(block % x), static_cast<unsigned>(block / x)};
    broken = !run_block(static_cast<unsigned>(threads)) || broken;
  }
  return broken;
}
template <class... Arguments>
int run(void (*kernel)(Arguments...), long long x, long long y, long long threads, const long long* arguments) {
  return run(kernel, x, y, threads, arguments, std::index_sequence_for<Arguments...>{});
}

}  // namespace

void* shared(std::size_t bytes) {
  char* const at = memory + used;
  used += (bytes + 15) / 16 * 16;
  if (used > kShared) broken = true;
  return used > kShared ? memory : at;
}
void barrier() { swapcontext(&current->context, &scheduler); }

}  // namespace lcr_host

// kernel(x blocks, y blocks, threads, arguments, all as 64 bits); 0, or 1 for a barrier that not all threads came to, or
// too much shared memory.
#define EXPORT(name)                                                                                       \
  extern "C" int host_##name(long long x, long long y, long long threads, const long long* arguments) {    \
    return lcr_host::run(name, x, y, threads, arguments);                                                  \
  }
EXPORT(lcr_tables)
EXPORT(lcr_states)
EXPORT(lcr_scan)
EXPORT(lcr_output)
EXPORT(lcr_gradients)
EXPORT(lcr_reduce)
extern "C" void lcr_host_backwards(int on) { lcr_host::backwards = on != 0; }
