/** Where a chip sees flash and RAM, as soc.h and ext_mem_defs.h of ESP-IDF v6.0 have it. */
export interface Chip {
	/** `esp_chip_id_t` (esp_app_format.h). */
	readonly id: number;
	/** Flash mapped as data: [from, to). */
	readonly drom: readonly [number, number];
	/** Flash mapped as code: [from, to). */
	readonly irom: readonly [number, number];
	readonly dram: number;
	readonly iram: number;
	readonly rtc: number;
	/** SOC_MMU_PAGE_SIZE_CONFIGURABLE: its boot loader reads the size of a page from the application description. */
	readonly hasPageSizes: boolean;
}

const chip = (id: number, addresses: Omit<Chip, "id" | "hasPageSizes">, hasPageSizes = false): Chip => ({
	id,
	...addresses,
	hasPageSizes,
});

export const CHIPS = {
	esp32: chip(0, {
		...{ drom: [0x3f400000, 0x3f800000], irom: [0x400d0000, 0x40400000] },
		...{ dram: 0x3ffb0000, iram: 0x40080000, rtc: 0x400c0000 },
	}),
	esp32s2: chip(2, {
		...{ drom: [0x3f000000, 0x3ff80000], irom: [0x40080000, 0x40800000] },
		...{ dram: 0x3ffc0000, iram: 0x40028000, rtc: 0x40070000 },
	}),
	esp32s3: chip(9, {
		...{ drom: [0x3c000000, 0x3e000000], irom: [0x42000000, 0x44000000] },
		...{ dram: 0x3fc90000, iram: 0x40374000, rtc: 0x600fe000 },
	}),
	esp32c3: chip(5, {
		...{ drom: [0x3c000000, 0x3c800000], irom: [0x42000000, 0x42800000] },
		...{ dram: 0x3fc88000, iram: 0x40380000, rtc: 0x50000000 },
	}),
	esp32c6: chip(
		13,
		{
			...{ drom: [0x42000000, 0x43000000], irom: [0x42000000, 0x43000000] },
			...{ dram: 0x40810000, iram: 0x40800000, rtc: 0x50000000 },
		},
		true,
	),
} as const satisfies Record<string, Chip>;

export type ChipName = keyof typeof CHIPS;
export const CHIP_NAMES = Object.keys(CHIPS) as ChipName[];

/** Whether flash is mapped at this address, instead of copied there at boot. */
export function isMapped({ drom, irom }: Chip, address: number): boolean {
	return [drom, irom].some(([from, to]) => address >= from && address < to);
}
