// The library as a Python module, lcr.wkv._bi_wkv: finds what a tensor's data are without a word of Python.
//
// torch's own headers would tie a build to one version of torch. DLPack's table of C functions, which torch.Tensor
// carries from torch 2.10 on, is a stable binary interface: through it five tensors are read and compared in 0.4 µs, where
// Python asks each for its shape, strides and address (with what else went, 32 to 58 µs of both passes at N = 197).
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <cstring>

#include "bi_wkv.h"
#include "interface.h"

namespace {

// What is needed of dlpack.h, version 1 (github.com/dmlc/dlpack).
struct DLTensor {
  void* data;
  int32_t device_type, device_id, dimensions;
  uint8_t type_code, type_bits;
  uint16_t type_lanes;
  int64_t *shape, *strides;  // in elements
  uint64_t byte_offset;
};
struct DLPackExchangeApi {
  uint32_t major, minor;
  void *older, *allocate, *take, *give;
  int (*read)(void* tensor, DLTensor* out);  // borrows: valid as long as the tensor's owner holds it
  void* stream;
};
constexpr int kDevice = 1, kFloat = 2;  // kDLCPU, kDLFloat

PyObject* tensor_type;  // torch.Tensor
const DLPackExchangeApi* api;

struct Shape {
  int64_t batches, heads, tokens, width;
};

// A tensor of float32 on the CPU with that many dimensions, or false. DLPack does not say whether its numbers are to be
// negated when read (torch's negative bit): who calls has resolved that.
bool read(PyObject* object, int dimensions, DLTensor& found) {
  if (!PyObject_TypeCheck(object, reinterpret_cast<PyTypeObject*>(tensor_type))) return false;
  if (api->read(object, &found)) {  // it has no memory of its own, or of a kind that DLPack does not know
    PyErr_Clear();
    return false;
  }
  return found.device_type == kDevice && found.type_code == kFloat && found.type_bits == 32 && found.type_lanes == 1 &&
         found.dimensions == dimensions;
}
float* address(const DLTensor& x) { return reinterpret_cast<float*>(static_cast<char*>(x.data) + x.byte_offset); }

// r, whose shape all others share.
bool first(PyObject* object, Shape& shape, LcrTensor& tensor) {
  DLTensor x;
  if (!read(object, 4, x)) return false;
  shape = {x.shape[0], x.shape[1], x.shape[2], x.shape[3]};
  tensor = {address(x), x.strides[0], x.strides[1], x.strides[2]};
  if (shape.width > lcr::kMaxWidth) return false;
  const bool empty = !shape.batches || !shape.heads || !shape.tokens || !shape.width;  // whatever its strides
  return empty || (x.data && (x.strides[3] == 1 || shape.width == 1));
}
bool large(PyObject* object, const Shape& shape, LcrTensor& tensor) {
  Shape own;
  return first(object, own, tensor) && !std::memcmp(&own, &shape, sizeof shape);
}
// A contiguous (H, D).
bool small(PyObject* object, const Shape& shape, float*& data) {
  DLTensor x;
  if (!read(object, 2, x) || x.shape[0] != shape.heads || x.shape[1] != shape.width) return false;
  data = address(x);
  if (!shape.heads || !shape.width) return true;
  return x.data && (x.strides[1] == 1 || shape.width == 1) && (x.strides[0] == shape.width || shape.heads == 1);
}
bool small(PyObject* object, const Shape& shape, const float*& data) {
  float* found;
  return small(object, shape, found) && (data = found, true);
}
bool inputs(PyObject* const* x, Shape& shape, LcrCall& call) {
  return first(x[0], shape, call.tensors[0]) && large(x[1], shape, call.tensors[1]) &&
         large(x[2], shape, call.tensors[2]) && small(x[3], shape, call.omega) && small(x[4], shape, call.u);
}

constexpr int64_t kLine = 64;  // what is kept begins on a line of memory: so much more is asked for

// 0 where nothing is to be kept, below 0 where it is more than any memory.
int64_t bytes_kept(const Shape& s, const LcrCall& call) {
  int64_t tasks, floats, bytes, all;
  const int64_t each = lcr_bi_wkv_kept(call.isa, s.tokens, s.width, call.bidirectional);
  if (__builtin_mul_overflow(s.batches, s.heads, &tasks) || __builtin_mul_overflow(tasks, each, &floats) ||
      __builtin_mul_overflow(floats, static_cast<int64_t>(sizeof(float)), &bytes) ||
      __builtin_add_overflow(bytes, kLine, &all))
    return -1;
  return bytes ? all : 0;
}

bool enough(Py_ssize_t found, Py_ssize_t expected) {
  if (found == expected) return true;
  PyErr_Format(PyExc_TypeError, "%zd arguments; expected %zd", found, expected);
  return false;
}

// A pass's last arguments, after `kept`: bidirectional, threads, kernel. Before any tensor is read, since what these run
// of Python could change one.
bool how(PyObject* const* last, LcrCall& call) {
  call.bidirectional = PyObject_IsTrue(last[0]), call.threads = PyLong_AsLongLong(last[1]);
  call.isa = PyLong_AsLongLong(last[2]);
  return !PyErr_Occurred();
}

// The work, without the interpreter's lock; what is kept cannot be resized meanwhile.
PyObject* run(PyObject* kept, const Shape& shape, LcrCall& call) {
  call.batches = shape.batches, call.heads = shape.heads, call.tokens = shape.tokens, call.width = shape.width;
  Py_buffer held{};
  if (kept != Py_None) {
    const int64_t bytes = bytes_kept(shape, call);
    if (!PyByteArray_Check(kept) || bytes < 0 || PyByteArray_GET_SIZE(kept) < bytes) {
      PyErr_SetString(PyExc_ValueError, "kept: expected what room_to_keep gives for tensors of this shape, or None");
      return nullptr;
    }
    if (PyObject_GetBuffer(kept, &held, PyBUF_WRITABLE)) return nullptr;
    const uintptr_t begins = reinterpret_cast<uintptr_t>(held.buf);
    call.kept = bytes ? reinterpret_cast<float*>((begins + kLine - 1) / kLine * kLine) : nullptr;
  }
  int failed;
  Py_BEGIN_ALLOW_THREADS;
  failed = lcr_bi_wkv(&call);
  Py_END_ALLOW_THREADS;
  if (held.obj) PyBuffer_Release(&held);
  if (failed)
    return PyErr_Format(PyExc_MemoryError, "bi_wkv: no memory for the states of (%lld, %lld, %lld, %lld)",
                        static_cast<long long>(shape.batches), static_cast<long long>(shape.heads),
                        static_cast<long long>(shape.tokens), static_cast<long long>(shape.width));
  Py_RETURN_NONE;
}

PyObject* fits(PyObject*, PyObject* const* x, Py_ssize_t count) {
  Shape shape;
  LcrCall call{};
  if (!enough(count, 5)) return nullptr;
  return PyBool_FromLong(inputs(x, shape, call));
}

PyObject* room_to_keep(PyObject*, PyObject* const* x, Py_ssize_t count) {
  if (!enough(count, 3)) return nullptr;
  Shape shape;
  LcrCall call{};
  call.bidirectional = PyObject_IsTrue(x[1]), call.isa = PyLong_AsLongLong(x[2]);
  if (PyErr_Occurred()) return nullptr;
  if (!first(x[0], shape, call.tensors[0])) Py_RETURN_NONE;
  const int64_t bytes = bytes_kept(shape, call);
  if (bytes <= 0) Py_RETURN_NONE;
  PyObject* const room = PyByteArray_FromStringAndSize(nullptr, 0);
  if (!room || PyByteArray_Resize(room, bytes)) {  // not filled with anything; without it the pass is only slower
    Py_XDECREF(room);
    PyErr_Clear();
    Py_RETURN_NONE;
  }
  return room;
}

PyObject* forward(PyObject*, PyObject* const* x, Py_ssize_t count) {
  Shape shape;
  LcrCall call{};
  if (!enough(count, 10) || !how(x + 7, call)) return nullptr;
  if (!inputs(x, shape, call) || !large(x[5], shape, call.tensors[3])) Py_RETURN_NOTIMPLEMENTED;
  return run(x[6], shape, call);
}

PyObject* backward(PyObject*, PyObject* const* x, Py_ssize_t count) {
  Shape shape;
  LcrCall call{};
  if (!enough(count, 15) || !how(x + 12, call)) return nullptr;
  if (!inputs(x, shape, call)) Py_RETURN_NOTIMPLEMENTED;
  for (int i = 0; i < 4; ++i)
    if (!large(x[5 + i], shape, call.tensors[3 + i])) Py_RETURN_NOTIMPLEMENTED;
  if (!small(x[9], shape, call.d_omega) || !small(x[10], shape, call.d_u)) Py_RETURN_NOTIMPLEMENTED;
  return run(x[11], shape, call);
}

// Fills a new module: what built it from what, and how it reads tensors.
int fill(PyObject* module) {
  PyObject* const torch = PyImport_ImportModule("torch");
  tensor_type = torch ? PyObject_GetAttrString(torch, "Tensor") : nullptr;
  Py_XDECREF(torch);
  if (!tensor_type) return -1;
  PyObject* const capsule = PyObject_GetAttrString(tensor_type, "__dlpack_c_exchange_api__");
  api = capsule ? static_cast<const DLPackExchangeApi*>(PyCapsule_GetPointer(capsule, "dlpack_exchange_api")) : nullptr;
  Py_XDECREF(capsule);
  if (!api || api->major != 1 || !api->read) {
    PyErr_SetString(PyExc_ImportError, "torch's tensors have no C functions of DLPack 1; expected torch 2.10 or later");
    return -1;
  }
  if (PyModule_AddStringConstant(module, "sources", LCR_SOURCES)) return -1;
  if (PyModule_AddStringConstant(module, "compiler", __VERSION__)) return -1;
  return PyModule_AddIntConstant(module, "isa", lcr_bi_wkv_isa());
}

PyCFunction fast(PyObject* (*function)(PyObject*, PyObject* const*, Py_ssize_t)) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}
PyMethodDef methods[] = {
    {"fits", fast(fits), METH_FASTCALL,
     "fits(r, k, v, omega, u): whether the kernel reads them as they are, shapes and all"},
    {"room_to_keep", fast(room_to_keep), METH_FASTCALL,
     "room_to_keep(r, bidirectional, kernel): memory for what forward leaves to backward, or None"},
    {"forward", fast(forward), METH_FASTCALL,
     "forward(r, k, v, omega, u, y, kept, bidirectional, threads, kernel): writes y; NotImplemented if one is unfit"},
    {"backward", fast(backward), METH_FASTCALL,
     "backward(r, k, v, omega, u, dy, dr, dk, dv, d_omega, d_u, kept, bidirectional, threads, kernel): the same"},
    {nullptr, nullptr, 0, nullptr}};
PyModuleDef_Slot slots[] = {
    {Py_mod_exec, reinterpret_cast<void*>(fill)},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
    {0, nullptr}};
PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_bi_wkv", nullptr, 0, methods, slots, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__bi_wkv() { return PyModuleDef_Init(&definition); }
