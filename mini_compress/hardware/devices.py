"""Machines on which a network may run, every figure with its source.

A figure for which no source was found is not here; the device then lacks it,
and what needs it says so. Rates are those of dense arithmetic on all cores
named. Programs rarely reach them, so times modelled with them are lower
bounds. GFLOPS and TOPS of the sources are halved: a MAC is two operations.
"""

from types import MappingProxyType

from .._require import require_one_of
from .profiles import DeviceProfile, Source

_CPUFP = (
    "https://github.com/pigirons/cpufp/blob/"
    "67c2571f10c8572d6cab97302e185cab667f559d/benchmark_result/"
)
_PI_5 = _CPUFP + "arm64/Broadcom_BCM2712.md"
_RYZEN = _CPUFP + "x64/AMD_Ryzen7_8845HS.md"
_CORTEX_M7 = (
    "https://github.com/llvm/llvm-project/blob/"
    "6a5553319e1ba4ac3484f966a95f2407ca76525d/"
    "llvm/lib/Target/ARM/ARMScheduleM7.td"
)
_STM32H743 = (
    "https://docs.zephyrproject.org/4.0.0/boards/weact/"
    "mini_stm32h743/doc/index.html"
)
_SNAPDRAGON_855 = (
    "https://en.wikichip.org/w/index.php"
    "?oldid=92406&title=qualcomm%2Fsnapdragon_800%2F855"
)
_ORIN_NANO = "https://www.scribd.com/document/673174036/Orin-nano-datasheet"
_A100 = (
    "https://upb-pc2.atlassian.net/wiki/spaces/PC2DOK/pages/1900609/"
    "NVIDIA+A100+40GB+with+NVLINK"
)

_PROFILES = {
    "stm32h743": DeviceProfile(
        name="STM32H743",
        kind="microcontroller",
        macs_per_second={"float32": 1 * 480e6, "int8": 2 * 480e6},
        bytes_per_second=8 * 240e6,
        memory="sram_1mb",
        ram_bytes=2**20,
        flash_bytes=2 * 2**20,
        sources={
            "float32": Source(
                _CORTEX_M7,
                "Cortex-M7 at 480 MHz: one floating-point pipe, 1 MAC a cycle",
            ),
            "int8": Source(
                _CORTEX_M7,
                "Cortex-M7 at 480 MHz: one integer MAC pipe, whose SMLAD does "
                "two 16-bit MACs a cycle; int8 is widened for it first "
                "(CMSIS-NN, arXiv 1801.06601), which is not counted",
            ),
            "bandwidth": Source(
                "https://0xhenry.dev/en/study/stm32-clock-system",
                "bus clock of 240 MHz x 8 bytes, the width of the AXI bus to "
                "flash and SRAM (https://raw.githubusercontent.com/antoinevg/"
                "nucleo-h7xx/v0.1.2/memory.x)",
            ),
            "ram": Source(
                _STM32H743,
                "about 1 MB of SRAM, taken as 2**20 bytes; clock of 480 MHz",
            ),
            "flash": Source(_STM32H743, "2 MB of flash, of 2**20 bytes each"),
        },
    ),
    "raspberry_pi_5": DeviceProfile(
        name="Raspberry Pi 5",
        kind="single-board computer",
        macs_per_second={
            "float32": 153.5e9 / 2,
            "float16": 306.9e9 / 2,
            "int8": 614.0e9 / 2,
        },
        bytes_per_second=4 * 4267e6,
        memory="dram",
        ram_bytes=8_000_000_000,
        sources={
            "float32": Source(
                _PI_5,
                "153.5 GFLOPS measured: 4 Cortex-A76 at 2.4 GHz, 8 MACs a "
                "cycle each",
            ),
            "float16": Source(_PI_5, "306.9 GFLOPS measured, 16 MACs a cycle"),
            "int8": Source(
                _PI_5,
                "614.0 GOPS measured with the dot-product instruction, "
                "32 MACs a cycle",
            ),
            "bandwidth": Source(
                "https://threedots.ovh/blog/2023/09/"
                "gathering-some-raspberry-pi-5-details/",
                "32 bits wide (17 GB/s); LPDDR4X at 4267 million transfers a "
                "second (https://circuitdigest.com/news/"
                "the-new-raspberry-pi-5-is-here-faster-than-ever)",
            ),
            "ram": Source(
                "https://education.raspberrypiaustralia.online/"
                "raspberry-pi-5-8gb-model",
                "the board with 8 GB",
            ),
        },
    ),
    "snapdragon_855": DeviceProfile(
        name="Snapdragon 855",
        kind="phone",
        macs_per_second={
            "float32": 8 * (2.84e9 + 3 * 2.42e9),
            "int8": 32 * (2.84e9 + 3 * 2.42e9),
        },
        bytes_per_second=34.13e9,
        memory="dram",
        sources={
            "float32": Source(
                _SNAPDRAGON_855,
                "4 large cores, of the Cortex-A76 kind, at 2.84 and 3 x 2.42 "
                f"GHz; 8 MACs a cycle as measured on that core ({_PI_5})",
            ),
            "int8": Source(
                _SNAPDRAGON_855,
                "as float32, with 32 MACs a cycle",
            ),
            "bandwidth": Source(
                "https://phonedb.net/index.php?m=processor&id=787"
                "&c=qualcomm_snapdragon_855plus_sm8150-ac__hana"
                "&d=detailed_specs",
                "4 channels of 16 bits, LPDDR4X at 2133 MHz (the 855 Plus, "
                "which has the same memory)",
            ),
        },
    ),
    "ryzen_7_8845hs": DeviceProfile(
        name="Ryzen 7 8845HS",
        kind="laptop CPU",
        macs_per_second={"float32": 1283.6e9 / 2, "int8": 5113.8e9 / 2},
        bytes_per_second=2 * 8 * 5600e6,
        memory="dram",
        sources={
            "float32": Source(
                _RYZEN, "1283.6 GFLOPS measured on 8 Zen 4 cores, AVX-512"
            ),
            "int8": Source(
                _RYZEN, "5113.8 GOPS measured on 8 cores, AVX-512 VNNI"
            ),
            "bandwidth": Source(
                "https://www.notebookcheck.it/AMD-Hawk-Point-Zen-4-4c-Ryzen-"
                "8040-R7-8845HS-Notebook-Processor.781081.0.html",
                "DDR5-5600 x 2 channels of 64 bits (two, as of its sister in "
                "https://cputronic.com/index.php/cpu/amd-ryzen-7-7445hs)",
            ),
        },
    ),
    "jetson_orin_nano": DeviceProfile(
        name="Jetson Orin Nano 8GB",
        kind="embedded GPU",
        macs_per_second={"float32": 1024 * 625e6, "int8": 2 * 10e12 / 2},
        bytes_per_second=68e9,
        memory="dram",
        ram_bytes=8_000_000_000,
        sources={
            "float32": Source(
                _ORIN_NANO, "1024 cores at 625 MHz, 1 MAC a cycle each"
            ),
            "int8": Source(
                _ORIN_NANO,
                "twice the 10 dense TOPS of the 4GB module, which has half "
                "the tensor cores",
            ),
            "bandwidth": Source(
                "https://www.brojogopalsapui.com/ai-foundations/sub_contents/"
                "AI_hardware/jetson_orin_nano_light.html",
                "68 GB/s at the clocks of the data sheet (128-bit LPDDR5)",
            ),
            "ram": Source(_ORIN_NANO, "8 GB"),
        },
    ),
    "a100_40gb": DeviceProfile(
        name="A100 40GB",
        kind="data-center GPU",
        macs_per_second={
            "float32": 19.5e12 / 2,
            "float16": 312e12 / 2,
            "int8": 624e12 / 2,
        },
        bytes_per_second=1555e9,
        memory="dram",
        ram_bytes=40_000_000_000,
        sources={
            "float32": Source(_A100, "19.5 TFLOPS, without TF32"),
            "float16": Source(_A100, "312 TFLOPS on tensor cores, dense"),
            "int8": Source(_A100, "624 TOPS on tensor cores, dense"),
            "bandwidth": Source(_A100, "1,555 GB/s of HBM2"),
            "ram": Source(_A100, "40 GB"),
        },
    ),
}

DEVICES = MappingProxyType(_PROFILES)


def find_device(device: str | DeviceProfile) -> DeviceProfile:
    """Look a device up by its name in DEVICES; a profile is given back.

    >>> find_device("raspberry_pi_5").kind
    'single-board computer'
    """
    if isinstance(device, DeviceProfile):
        return device
    require_one_of("device", device, DEVICES)
    return DEVICES[device]
