export declare function proxy_log(level: i32, p: usize, n: usize): u32;
