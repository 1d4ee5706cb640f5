"""The kernels as machine code, made once for each kind of machine and kept; it runs without Python's lock.

The compiler takes a third of a second to load and some seconds to work, and what it made a few milliseconds to load: it
is asked only where nothing is kept for this code, this compiler and this processor.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from importlib import metadata
from inspect import signature
from pathlib import Path
from threading import Lock
from typing import Any

import llvmlite.binding as llvm

_HERE = Path(__file__).parent
_SOURCES = (
    "_machine_code.py",
    "_kernels.py",
    "_cut_kernel.py",
    "_encode_kernel.py",
    "_json_kernel.py",
    "_objects_kernel.py",
    "_search_tree_kernel.py",
    "_session_kernel.py",
    "_views_kernel.py",
    "_words.py",
)
_DIGEST_BYTES = 32
_OF_THE_SYSTEM = ("llvm.", "memcpy", "memset", "memmove")
_LOCK = Lock()


def call(name: str, *numbers: int) -> int:
    """What the kernel of that name makes of the numbers."""
    result, problem = ctypes.c_int64(), ctypes.c_void_p()
    if _function(name, len(numbers))(ctypes.byref(result), ctypes.byref(problem), *numbers):
        raise AssertionError(f"the kernel {name} failed, which none can")
    return result.value


@cache
def _function(name: str, count: int) -> Callable[..., int]:
    with _LOCK:
        address = _engine().get_function_address(name)
    if not address:
        raise KeyError(f"no kernel is called {name}")
    return ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * count)(address)


@cache
def _engine() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    processor, features = llvm.get_host_cpu_name(), ""
    with contextlib.suppress(RuntimeError):  # who cannot tell gets code that every processor of this name can run
        features = llvm.get_host_cpu_features().flatten()
    machine = llvm.Target.from_default_triple().create_target_machine(cpu=processor, features=features, opt=3, jit=True)
    versions = [f"{name} {metadata.version(name)}" for name in ("numba", "llvmlite")]
    known = "\n".join((*versions, machine.triple, processor, features))
    key = hashlib.sha256(b"".join((_HERE / name).read_bytes() for name in _SOURCES) + known.encode()).hexdigest()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    code = _kept(f"kernels-{key[:32]}.o") or _keep(f"kernels-{key[:32]}.o", _made(machine))
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine


def _folders() -> list[Path]:
    """Where machine code may be kept: beside the code, as Python keeps its own, or where the user's caches are."""
    folders = [_HERE / "__pycache__"]
    with contextlib.suppress(RuntimeError):  # who has no home
        folders.append(Path.home() / ".cache" / "recent-activities")
    return folders


def _kept(name: str) -> bytes | None:
    for folder in _folders():
        with contextlib.suppress(OSError):
            content = (folder / name).read_bytes()
            code = content[_DIGEST_BYTES:]
            if hashlib.sha256(code).digest() == content[:_DIGEST_BYTES]:  # whole: anything else may do anything
                return code
    return None


def _keep(name: str, code: bytes) -> bytes:
    for folder in _folders():
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file, _removed_if_it_fails(Path(file.name)):
                file.write(hashlib.sha256(code).digest() + code)
                file.flush()
                Path(file.name).chmod(0o644)
                Path(file.name).replace(folder / name)
            break
    return code


@contextlib.contextmanager
def _removed_if_it_fails(path: Path) -> Iterator[None]:
    """Lest every command leave a piece of it where the disk is full."""
    try:
        yield
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _made(machine: Any) -> bytes:
    from numba import cfunc, types

    from processors import _kernels

    module = llvm.parse_assembly("")
    for kernel in _kernels.KERNELS:
        whole = types.int64(*[types.int64] * len(signature(kernel).parameters))
        made = cfunc(whole, error_model="numpy")(kernel)
        module.link_in(llvm.parse_assembly(made.inspect_llvm()))
        # the function itself; around it is one that tells Python of exceptions
        module.get_function(made.native_name.removeprefix("cfunc.")).name = kernel.__name__
    _keep_only({kernel.__name__ for kernel in _kernels.KERNELS}, module, machine)
    return bytes(machine.emit_object(module))


def _keep_only(names: set[str], module: Any, machine: Any) -> None:
    """Nothing: what the named functions do not need is taken out, so that nothing needs the compiler's library."""
    for value in (*module.functions, *module.global_variables):
        if not value.is_declaration and value.name not in names:
            value.linkage = llvm.Linkage.internal
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.add_strip_dead_prototype_pass()
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
    foreign = {value.name for value in (*module.functions, *module.global_variables) if value.is_declaration}
    if others := {name for name in foreign if not name.startswith(_OF_THE_SYSTEM)}:
        raise AssertionError(f"the kernels need {sorted(others)}, which are not there without the compiler")
