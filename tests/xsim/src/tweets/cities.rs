//! The world's biggest cities, and some that a map would miss: where people tweet from.
//!
//! Knows countries, no tweets. Coordinates and populations (of the urban area, in thousands)
//! are common knowledge, rounded. Invariant: every city lies in its country's box.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "populations and positions in the table are small"
)]

use std::sync::OnceLock;

use super::countries::{self, Country};
use crate::hash::below;

/// A city of the real world.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct City {
    /// Its row in the table.
    pub(crate) index: u32,
    pub(crate) name: &'static str,
    /// The state, province or region around it.
    pub(crate) region: &'static str,
    pub(crate) country: Country,
    pub(crate) lat: f64,
    pub(crate) lon: f64,
    /// People in thousands.
    pub(crate) population_k: u32,
}

type Row = (&'static str, &'static str, &'static str, f64, f64, u32);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("Tokyo", "Tokyo", "JP", 35.68, 139.69, 37_400), ("Delhi", "Delhi", "IN", 28.65, 77.22, 32_900),
    ("Shanghai", "Shanghai", "CN", 31.23, 121.47, 29_200), ("Dhaka", "Dhaka", "BD", 23.76, 90.39, 23_200),
    ("São Paulo", "São Paulo", "BR", -23.55, -46.63, 22_600), ("Mexico City", "Ciudad de México", "MX", 19.43, -99.13, 22_300),
    ("Cairo", "Cairo", "EG", 30.04, 31.24, 22_200), ("Beijing", "Beijing", "CN", 39.90, 116.41, 21_800),
    ("Mumbai", "Maharashtra", "IN", 19.08, 72.88, 21_300), ("Osaka", "Osaka", "JP", 34.69, 135.50, 19_000),
    ("Chongqing", "Chongqing", "CN", 29.56, 106.55, 17_300), ("Karachi", "Sindh", "PK", 24.86, 67.01, 17_200),
    ("Kinshasa", "Kinshasa", "CD", -4.33, 15.31, 16_300), ("Lagos", "Lagos", "NG", 6.52, 3.38, 15_900),
    ("Istanbul", "Istanbul", "TR", 41.01, 28.98, 15_800), ("Buenos Aires", "Buenos Aires", "AR", -34.60, -58.38, 15_500),
    ("Kolkata", "West Bengal", "IN", 22.57, 88.36, 15_300), ("Manila", "National Capital Region", "PH", 14.60, 120.98, 14_700),
    ("Guangzhou", "Guangdong", "CN", 23.13, 113.26, 14_300), ("Tianjin", "Tianjin", "CN", 39.13, 117.20, 14_200),
    ("Lahore", "Punjab", "PK", 31.55, 74.34, 13_900), ("Rio de Janeiro", "Rio de Janeiro", "BR", -22.91, -43.20, 13_700),
    ("Bengaluru", "Karnataka", "IN", 12.97, 77.59, 13_600), ("Shenzhen", "Guangdong", "CN", 22.54, 114.06, 13_100),
    ("Moscow", "Moscow", "RU", 55.76, 37.62, 12_700), ("Chennai", "Tamil Nadu", "IN", 13.08, 80.27, 11_800),
    ("Bogotá", "Bogotá", "CO", 4.71, -74.07, 11_500), ("Paris", "Île-de-France", "FR", 48.86, 2.35, 11_200),
    ("Jakarta", "Jakarta", "ID", -6.21, 106.85, 11_200), ("Lima", "Lima", "PE", -12.05, -77.04, 11_200),
    ("Bangkok", "Bangkok", "TH", 13.76, 100.50, 11_100), ("Hyderabad", "Telangana", "IN", 17.39, 78.49, 10_800),
    ("Seoul", "Seoul", "KR", 37.57, 126.98, 10_000), ("Nanjing", "Jiangsu", "CN", 32.06, 118.80, 9_700),
    ("Chengdu", "Sichuan", "CN", 30.57, 104.07, 9_700), ("London", "England", "GB", 51.51, -0.13, 9_600),
    ("Luanda", "Luanda", "AO", -8.84, 13.23, 9_300), ("Tehran", "Tehran", "IR", 35.69, 51.39, 9_500),
    ("Ho Chi Minh City", "Hồ Chí Minh", "VN", 10.82, 106.63, 9_300), ("Nagoya", "Aichi", "JP", 35.18, 136.91, 9_600),
    ("Xi'an", "Shaanxi", "CN", 34.34, 108.94, 8_900), ("Ahmedabad", "Gujarat", "IN", 23.02, 72.57, 8_700),
    ("Wuhan", "Hubei", "CN", 30.59, 114.31, 8_700), ("Kuala Lumpur", "Kuala Lumpur", "MY", 3.15, 101.69, 8_600),
    ("Hangzhou", "Zhejiang", "CN", 30.27, 120.16, 8_200), ("Suzhou", "Jiangsu", "CN", 31.30, 120.59, 8_100),
    ("Surat", "Gujarat", "IN", 21.17, 72.83, 8_100), ("Dar es Salaam", "Dar es Salaam", "TZ", -6.79, 39.21, 7_800),
    ("New York", "New York", "US", 40.71, -74.01, 18_900), ("Baghdad", "Baghdad", "IQ", 33.31, 44.37, 7_700),
    ("Shenyang", "Liaoning", "CN", 41.81, 123.43, 7_700), ("Riyadh", "Riyadh", "SA", 24.71, 46.68, 7_700),
    ("Hong Kong", "Hong Kong", "HK", 22.32, 114.17, 7_700), ("Foshan", "Guangdong", "CN", 23.02, 113.12, 7_600),
    ("Dongguan", "Guangdong", "CN", 23.02, 113.75, 7_600), ("Pune", "Maharashtra", "IN", 18.52, 73.86, 7_200),
    ("Santiago", "Región Metropolitana", "CL", -33.45, -70.67, 6_900), ("Haerbin", "Heilongjiang", "CN", 45.80, 126.53, 6_800),
    ("Madrid", "Comunidad de Madrid", "ES", 40.42, -3.70, 6_800), ("Khartoum", "Khartoum", "SD", 15.50, 32.56, 6_300),
    ("Toronto", "Ontario", "CA", 43.65, -79.38, 6_400), ("Johannesburg", "Gauteng", "ZA", -26.20, 28.05, 6_200),
    ("Belo Horizonte", "Minas Gerais", "BR", -19.92, -43.94, 6_200), ("Dalian", "Liaoning", "CN", 38.91, 121.61, 6_100),
    ("Singapore", "Singapore", "SG", 1.35, 103.82, 6_000), ("Qingdao", "Shandong", "CN", 36.07, 120.38, 6_000),
    ("Zhengzhou", "Henan", "CN", 34.75, 113.63, 5_900), ("Abidjan", "Abidjan", "CI", 5.36, -4.01, 5_700),
    ("Jinan", "Shandong", "CN", 36.65, 117.12, 5_900), ("Barcelona", "Catalunya", "ES", 41.39, 2.17, 5_700),
    ("Los Angeles", "California", "US", 34.05, -118.24, 12_500), ("Addis Ababa", "Addis Ababa", "ET", 9.03, 38.74, 5_500),
    ("Nairobi", "Nairobi", "KE", -1.29, 36.82, 5_300), ("Hanoi", "Hà Nội", "VN", 21.03, 105.85, 5_300),
    ("Yangon", "Yangon", "MM", 16.87, 96.20, 5_600), ("Saint Petersburg", "Saint Petersburg", "RU", 59.94, 30.31, 5_600),
    ("Alexandria", "Alexandria", "EG", 31.20, 29.92, 5_600), ("Guadalajara", "Jalisco", "MX", 20.67, -103.35, 5_400),
    ("Ankara", "Ankara", "TR", 39.93, 32.86, 5_400), ("Fukuoka", "Fukuoka", "JP", 33.59, 130.40, 5_500),
    ("Melbourne", "Victoria", "AU", -37.81, 144.96, 5_200), ("Sydney", "New South Wales", "AU", -33.87, 151.21, 5_100),
    ("Monterrey", "Nuevo León", "MX", 25.67, -100.31, 5_100), ("Chittagong", "Chittagong", "BD", 22.36, 91.80, 5_400),
    ("Cape Town", "Western Cape", "ZA", -33.92, 18.42, 4_900), ("Jeddah", "Makkah", "SA", 21.54, 39.17, 4_900),
    ("Yaoundé", "Centre", "CM", 3.87, 11.52, 4_500), ("Kano", "Kano", "NG", 12.00, 8.52, 4_400),
    ("Brasília", "Distrito Federal", "BR", -15.79, -47.88, 4_900), ("Kabul", "Kabul", "AF", 34.53, 69.17, 4_700),
    ("Xiamen", "Fujian", "CN", 24.48, 118.09, 4_000), ("Changsha", "Hunan", "CN", 28.23, 112.94, 4_900),
    ("Kunming", "Yunnan", "CN", 24.88, 102.83, 4_800), ("Changchun", "Jilin", "CN", 43.82, 125.32, 4_700),
    ("Ürümqi", "Xinjiang", "CN", 43.83, 87.62, 4_900), ("Hefei", "Anhui", "CN", 31.82, 117.23, 4_600),
    ("Shijiazhuang", "Hebei", "CN", 38.04, 114.51, 4_200), ("Taiyuan", "Shanxi", "CN", 37.87, 112.55, 4_300),
    ("Nanning", "Guangxi", "CN", 22.82, 108.32, 4_200), ("Fuzhou", "Fujian", "CN", 26.07, 119.30, 4_000),
    ("Recife", "Pernambuco", "BR", -8.05, -34.90, 4_300), ("Fortaleza", "Ceará", "BR", -3.73, -38.53, 4_200),
    ("Porto Alegre", "Rio Grande do Sul", "BR", -30.03, -51.23, 4_200), ("Salvador", "Bahia", "BR", -12.97, -38.50, 4_000),
    ("Medellín", "Antioquia", "CO", 6.24, -75.58, 4_100), ("Curitiba", "Paraná", "BR", -25.43, -49.27, 3_800),
    ("Rome", "Lazio", "IT", 41.90, 12.50, 4_300), ("Milan", "Lombardia", "IT", 45.46, 9.19, 3_200),
    ("Naples", "Campania", "IT", 40.85, 14.27, 2_200), ("Turin", "Piemonte", "IT", 45.07, 7.69, 1_800),
    ("Berlin", "Berlin", "DE", 52.52, 13.40, 3_700), ("Hamburg", "Hamburg", "DE", 53.55, 9.99, 1_900),
    ("Munich", "Bayern", "DE", 48.14, 11.58, 1_600), ("Cologne", "Nordrhein-Westfalen", "DE", 50.94, 6.96, 1_100),
    ("Frankfurt", "Hessen", "DE", 50.11, 8.68, 800), ("Vienna", "Wien", "AT", 48.21, 16.37, 2_000),
    ("Zurich", "Zürich", "CH", 47.38, 8.54, 1_400), ("Amsterdam", "Noord-Holland", "NL", 52.37, 4.90, 1_200),
    ("Rotterdam", "Zuid-Holland", "NL", 51.92, 4.48, 1_000), ("Brussels", "Brussel", "BE", 50.85, 4.35, 2_100),
    ("Antwerp", "Antwerpen", "BE", 51.22, 4.40, 1_000), ("Lyon", "Auvergne-Rhône-Alpes", "FR", 45.76, 4.84, 1_800),
    ("Marseille", "Provence-Alpes-Côte d'Azur", "FR", 43.30, 5.37, 1_600), ("Toulouse", "Occitanie", "FR", 43.60, 1.44, 1_000),
    ("Lille", "Hauts-de-France", "FR", 50.63, 3.06, 1_100), ("Manchester", "England", "GB", 53.48, -2.24, 2_800),
    ("Birmingham", "England", "GB", 52.48, -1.90, 2_700), ("Glasgow", "Scotland", "GB", 55.86, -4.25, 1_700),
    ("Dublin", "Dublin", "IE", 53.35, -6.26, 1_300), ("Lisbon", "Lisboa", "PT", 38.72, -9.14, 3_000),
    ("Porto", "Porto", "PT", 41.15, -8.61, 1_300), ("Valencia", "Comunitat Valenciana", "ES", 39.47, -0.38, 1_600),
    ("Seville", "Andalucía", "ES", 37.39, -5.98, 1_100), ("Warsaw", "Mazowieckie", "PL", 52.23, 21.01, 1_800),
    ("Kraków", "Małopolskie", "PL", 50.06, 19.94, 800), ("Prague", "Praha", "CZ", 50.08, 14.44, 1_300),
    ("Budapest", "Budapest", "HU", 47.50, 19.04, 1_800), ("Bucharest", "București", "RO", 44.43, 26.10, 1_800),
    ("Sofia", "Sofia", "BG", 42.70, 23.32, 1_300), ("Belgrade", "Beograd", "RS", 44.79, 20.45, 1_400),
    ("Athens", "Attica", "GR", 37.98, 23.73, 3_200), ("Thessaloniki", "Central Macedonia", "GR", 40.64, 22.94, 800),
    ("Kyiv", "Kyiv", "UA", 50.45, 30.52, 3_000), ("Kharkiv", "Kharkiv", "UA", 49.99, 36.23, 1_400),
    ("Odesa", "Odesa", "UA", 46.48, 30.72, 1_000), ("Lviv", "Lviv", "UA", 49.84, 24.03, 720),
    ("Minsk", "Minsk", "BY", 53.90, 27.57, 2_000), ("Stockholm", "Stockholm", "SE", 59.33, 18.07, 1_700),
    ("Gothenburg", "Västra Götaland", "SE", 57.71, 11.97, 630), ("Oslo", "Oslo", "NO", 59.91, 10.75, 1_100),
    ("Copenhagen", "Hovedstaden", "DK", 55.68, 12.57, 1_400), ("Helsinki", "Uusimaa", "FI", 60.17, 24.94, 1_300),
    ("Reykjavík", "Höfuðborgarsvæðið", "IS", 64.15, -21.94, 230), ("Novosibirsk", "Novosibirsk", "RU", 55.03, 82.92, 1_700),
    ("Yekaterinburg", "Sverdlovsk", "RU", 56.84, 60.61, 1_500), ("Kazan", "Tatarstan", "RU", 55.80, 49.11, 1_300),
    ("Krasnoyarsk", "Krasnoyarsk", "RU", 56.01, 92.87, 1_200), ("Vladivostok", "Primorsky", "RU", 43.12, 131.89, 610),
    ("Tashkent", "Tashkent", "UZ", 41.30, 69.24, 2_600), ("Almaty", "Almaty", "KZ", 43.24, 76.89, 2_000),
    ("Baku", "Baku", "AZ", 40.41, 49.87, 2_400), ("Tbilisi", "Tbilisi", "GE", 41.72, 44.79, 1_100),
    ("Yerevan", "Yerevan", "AM", 40.18, 44.51, 1_100), ("Izmir", "Izmir", "TR", 38.42, 27.14, 3_100),
    ("Bursa", "Bursa", "TR", 40.19, 29.06, 2_100), ("Tel Aviv", "Tel Aviv", "IL", 32.08, 34.78, 4_400),
    ("Jerusalem", "Jerusalem", "IL", 31.77, 35.21, 970), ("Amman", "Amman", "JO", 31.95, 35.93, 2_200),
    ("Beirut", "Beirut", "LB", 33.89, 35.50, 2_400), ("Damascus", "Damascus", "SY", 33.51, 36.29, 2_500),
    ("Dubai", "Dubai", "AE", 25.20, 55.27, 3_000), ("Abu Dhabi", "Abu Dhabi", "AE", 24.45, 54.38, 1_600),
    ("Doha", "Doha", "QA", 25.29, 51.53, 700), ("Kuwait City", "Al Asimah", "KW", 29.38, 47.98, 3_300),
    ("Muscat", "Muscat", "OM", 23.59, 58.41, 1_600), ("Sana'a", "Amanat Al Asimah", "YE", 15.37, 44.19, 3_300),
    ("Mecca", "Makkah", "SA", 21.39, 39.86, 2_200), ("Dammam", "Eastern Province", "SA", 26.42, 50.09, 1_300),
    ("Basra", "Basra", "IQ", 30.51, 47.78, 1_500), ("Mashhad", "Razavi Khorasan", "IR", 36.26, 59.62, 3_400),
    ("Isfahan", "Isfahan", "IR", 32.65, 51.67, 2_300), ("Shiraz", "Fars", "IR", 29.59, 52.58, 1_700),
    ("Islamabad", "Islamabad", "PK", 33.68, 73.05, 1_200), ("Faisalabad", "Punjab", "PK", 31.42, 73.09, 3_700),
    ("Peshawar", "Khyber Pakhtunkhwa", "PK", 34.01, 71.58, 2_400), ("Jaipur", "Rajasthan", "IN", 26.91, 75.79, 4_200),
    ("Lucknow", "Uttar Pradesh", "IN", 26.85, 80.95, 3_900), ("Kanpur", "Uttar Pradesh", "IN", 26.45, 80.33, 3_200),
    ("Nagpur", "Maharashtra", "IN", 21.15, 79.09, 3_000), ("Indore", "Madhya Pradesh", "IN", 22.72, 75.86, 3_300),
    ("Patna", "Bihar", "IN", 25.59, 85.14, 2_600), ("Kochi", "Kerala", "IN", 9.93, 76.27, 3_400),
    ("Bhopal", "Madhya Pradesh", "IN", 23.26, 77.41, 2_600), ("Coimbatore", "Tamil Nadu", "IN", 11.02, 76.96, 3_000),
    ("Visakhapatnam", "Andhra Pradesh", "IN", 17.69, 83.22, 2_400), ("Guwahati", "Assam", "IN", 26.14, 91.74, 1_200),
    ("Kathmandu", "Bagmati", "NP", 27.72, 85.32, 1_600), ("Colombo", "Western", "LK", 6.93, 79.86, 2_500),
    ("Khulna", "Khulna", "BD", 22.85, 89.54, 960), ("Mandalay", "Mandalay", "MM", 21.96, 96.09, 1_500),
    ("Phnom Penh", "Phnom Penh", "KH", 11.56, 104.92, 2_300), ("Chiang Mai", "Chiang Mai", "TH", 18.79, 98.99, 1_200),
    ("Hat Yai", "Songkhla", "TH", 7.01, 100.47, 800), ("Da Nang", "Đà Nẵng", "VN", 16.05, 108.21, 1_200),
    ("Penang", "Pulau Pinang", "MY", 5.41, 100.33, 2_800), ("Johor Bahru", "Johor", "MY", 1.49, 103.74, 1_700),
    ("Surabaya", "Jawa Timur", "ID", -7.26, 112.75, 3_000), ("Bandung", "Jawa Barat", "ID", -6.92, 107.62, 2_700),
    ("Medan", "Sumatera Utara", "ID", 3.59, 98.67, 2_400), ("Makassar", "Sulawesi Selatan", "ID", -5.15, 119.43, 1_600),
    ("Yogyakarta", "DI Yogyakarta", "ID", -7.80, 110.37, 2_100), ("Cebu City", "Central Visayas", "PH", 10.32, 123.89, 3_000),
    ("Davao", "Davao Region", "PH", 7.07, 125.61, 1_900), ("Taipei", "Taipei City", "TW", 25.03, 121.57, 7_000),
    ("Kaohsiung", "Kaohsiung City", "TW", 22.63, 120.30, 2_800), ("Taichung", "Taichung City", "TW", 24.15, 120.67, 2_800),
    ("Busan", "Busan", "KR", 35.18, 129.08, 3_500), ("Daegu", "Daegu", "KR", 35.87, 128.60, 2_400),
    ("Incheon", "Incheon", "KR", 37.46, 126.71, 2_900), ("Gwangju", "Gwangju", "KR", 35.16, 126.85, 1_500),
    ("Sapporo", "Hokkaido", "JP", 43.06, 141.35, 2_600), ("Sendai", "Miyagi", "JP", 38.27, 140.87, 2_300),
    ("Hiroshima", "Hiroshima", "JP", 34.39, 132.46, 2_100), ("Kyoto", "Kyoto", "JP", 35.01, 135.77, 1_500),
    ("Niigata", "Niigata", "JP", 37.92, 139.04, 800), ("Ulaanbaatar", "Ulaanbaatar", "MN", 47.89, 106.91, 1_600),
    ("Brisbane", "Queensland", "AU", -27.47, 153.03, 2_500), ("Perth", "Western Australia", "AU", -31.95, 115.86, 2_100),
    ("Adelaide", "South Australia", "AU", -34.93, 138.60, 1_400), ("Auckland", "Auckland", "NZ", -36.85, 174.76, 1_650),
    ("Wellington", "Wellington", "NZ", -41.29, 174.78, 420), ("Suva", "Central", "FJ", -18.14, 178.44, 190),
    ("Port Moresby", "National Capital District", "PG", -9.44, 147.18, 400), ("Chicago", "Illinois", "US", 41.88, -87.63, 8_900),
    ("Houston", "Texas", "US", 29.76, -95.37, 6_700), ("Dallas", "Texas", "US", 32.78, -96.80, 6_600),
    ("Miami", "Florida", "US", 25.76, -80.19, 6_200), ("Philadelphia", "Pennsylvania", "US", 39.95, -75.17, 5_800),
    ("Washington", "District of Columbia", "US", 38.91, -77.04, 5_500), ("Atlanta", "Georgia", "US", 33.75, -84.39, 6_100),
    ("Boston", "Massachusetts", "US", 42.36, -71.06, 4_700), ("Phoenix", "Arizona", "US", 33.45, -112.07, 4_700),
    ("San Francisco", "California", "US", 37.77, -122.42, 3_300), ("Seattle", "Washington", "US", 47.61, -122.33, 3_500),
    ("Detroit", "Michigan", "US", 42.33, -83.05, 3_600), ("San Diego", "California", "US", 32.72, -117.16, 3_300),
    ("Minneapolis", "Minnesota", "US", 44.98, -93.27, 3_000), ("Denver", "Colorado", "US", 39.74, -104.99, 2_900),
    ("Tampa", "Florida", "US", 27.95, -82.46, 2_900), ("Las Vegas", "Nevada", "US", 36.17, -115.14, 2_800),
    ("St. Louis", "Missouri", "US", 38.63, -90.20, 2_200), ("Portland", "Oregon", "US", 45.52, -122.68, 2_200),
    ("New Orleans", "Louisiana", "US", 29.95, -90.07, 1_000), ("Nashville", "Tennessee", "US", 36.16, -86.78, 1_300),
    ("Montréal", "Québec", "CA", 45.50, -73.57, 4_300), ("Vancouver", "British Columbia", "CA", 49.28, -123.12, 2_700),
    ("Calgary", "Alberta", "CA", 51.05, -114.07, 1_600), ("Halifax", "Nova Scotia", "CA", 44.65, -63.58, 480),
    ("Puebla", "Puebla", "MX", 19.04, -98.21, 3_300), ("Tijuana", "Baja California", "MX", 32.49, -117.00, 2_200),
    ("Mérida", "Yucatán", "MX", 20.97, -89.62, 1_200), ("Guatemala City", "Guatemala", "GT", 14.63, -90.51, 3_000),
    ("San Salvador", "San Salvador", "SV", 13.69, -89.22, 1_100), ("Tegucigalpa", "Francisco Morazán", "HN", 14.07, -87.19, 1_500),
    ("Managua", "Managua", "NI", 12.11, -86.24, 1_100), ("Panama City", "Panamá", "PA", 8.98, -79.52, 1_900),
    ("Havana", "La Habana", "CU", 23.00, -82.38, 2_100), ("Santo Domingo", "Distrito Nacional", "DO", 18.49, -69.93, 3_500),
    ("San Juan", "San Juan", "PR", 18.41, -66.10, 2_400), ("Port-au-Prince", "Ouest", "HT", 18.54, -72.34, 2_900),
    ("Kingston", "Kingston", "JM", 17.97, -76.79, 1_200), ("Caracas", "Distrito Capital", "VE", 10.48, -66.90, 2_900),
    ("Maracaibo", "Zulia", "VE", 10.65, -71.65, 2_300), ("Cali", "Valle del Cauca", "CO", 3.45, -76.53, 2_800),
    ("Barranquilla", "Atlántico", "CO", 10.97, -74.80, 2_300), ("Quito", "Pichincha", "EC", -0.18, -78.47, 1_900),
    ("Guayaquil", "Guayas", "EC", -2.19, -79.89, 3_100), ("Arequipa", "Arequipa", "PE", -16.41, -71.54, 960),
    ("La Paz", "La Paz", "BO", -16.50, -68.15, 1_900), ("Santa Cruz", "Santa Cruz", "BO", -17.78, -63.18, 1_800),
    ("Asunción", "Asunción", "PY", -25.26, -57.58, 3_500), ("Montevideo", "Montevideo", "UY", -34.90, -56.16, 1_800),
    ("Córdoba", "Córdoba", "AR", -31.42, -64.18, 1_600), ("Rosario", "Santa Fe", "AR", -32.94, -60.65, 1_600),
    ("Mendoza", "Mendoza", "AR", -32.89, -68.85, 1_200), ("Valparaíso", "Valparaíso", "CL", -33.05, -71.61, 1_000),
    ("Manaus", "Amazonas", "BR", -3.12, -60.02, 2_300), ("Belém", "Pará", "BR", -1.46, -48.50, 2_400),
    ("Goiânia", "Goiás", "BR", -16.69, -49.25, 2_800), ("Casablanca", "Casablanca-Settat", "MA", 33.57, -7.59, 3_900),
    ("Rabat", "Rabat-Salé-Kénitra", "MA", 34.02, -6.84, 2_000), ("Algiers", "Alger", "DZ", 36.70, 3.06, 2_900),
    ("Tunis", "Tunis", "TN", 36.81, 10.17, 2_500), ("Tripoli", "Tripoli", "LY", 32.88, 13.19, 1_200),
    ("Dakar", "Dakar", "SN", 14.72, -17.45, 3_400), ("Bamako", "Bamako", "ML", 12.64, -8.00, 2_900),
    ("Conakry", "Conakry", "GN", 9.54, -13.68, 2_100), ("Niamey", "Niamey", "NE", 13.51, 2.11, 1_400),
    ("Accra", "Greater Accra", "GH", 5.60, -0.19, 2_700), ("Kumasi", "Ashanti", "GH", 6.69, -1.62, 3_800),
    ("Ibadan", "Oyo", "NG", 7.38, 3.95, 3_900), ("Abuja", "Federal Capital Territory", "NG", 9.08, 7.40, 3_800),
    ("Douala", "Littoral", "CM", 4.05, 9.70, 4_100), ("Brazzaville", "Brazzaville", "CG", -4.27, 15.28, 2_600),
    ("Lubumbashi", "Haut-Katanga", "CD", -11.66, 27.48, 2_900), ("Kampala", "Central", "UG", 0.35, 32.58, 3_800),
    ("Mombasa", "Mombasa", "KE", -4.04, 39.66, 1_500), ("Mogadishu", "Banaadir", "SO", 2.05, 45.32, 2_600),
    ("Lusaka", "Lusaka", "ZM", -15.39, 28.32, 3_200), ("Harare", "Harare", "ZW", -17.83, 31.05, 1_600),
    ("Maputo", "Maputo", "MZ", -25.95, 32.58, 1_150), ("Antananarivo", "Analamanga", "MG", -18.88, 47.51, 3_900),
    ("Durban", "KwaZulu-Natal", "ZA", -29.86, 31.02, 3_200), ("Pretoria", "Gauteng", "ZA", -25.75, 28.19, 2_800),
];

/// What is worked out once from the table.
struct Table {
    cities: Vec<City>,
    /// Sum of the populations up to and with each city.
    upto_k: Vec<u64>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let (mut cities, mut upto_k, mut sum) = (Vec::new(), Vec::new(), 0);
        for &(name, region, code, lat, lon, population_k) in ROWS {
            let Some(country) = countries::find(code) else { continue };
            let index = cities.len() as u32;
            cities.push(City { index, name, region, country, lat, lon, population_k });
            sum += u64::from(population_k);
            upto_k.push(sum);
        }
        Table { cities, upto_k }
    })
}

/// Every city.
#[cfg(test)]
pub(crate) fn all() -> &'static [City] {
    &table().cities
}

/// The city of a hash: each as often as its share of the people.
pub(crate) fn draw(hash: u64) -> Option<&'static City> {
    let table = table();
    let at = below(hash, table.upto_k.last().copied().unwrap_or(0));
    table.cities.get(table.upto_k.partition_point(|upto| *upto <= at))
}

/// The city in a row of the table.
pub(crate) fn by_index(index: u32) -> Option<&'static City> {
    table().cities.get(index as usize)
}

impl City {
    /// How far the city reaches from its middle, in kilometres: with its area in proportion to
    /// its people, at about 4,500 a square kilometre; 2 km at least.
    pub(crate) fn radius_km(&self) -> f64 {
        let area_km2 = f64::from(self.population_k) * 1_000.0 / 4_500.0;
        (area_km2 / std::f64::consts::PI).sqrt().max(2.0)
    }

    /// The half height and half width of its box, in degrees.
    pub(crate) fn half_box(&self) -> (f64, f64) {
        // A degree of latitude is 111.2 km; one of longitude shrinks towards the poles.
        let height = self.radius_km() / 111.2;
        (height, height / self.lat.to_radians().cos().max(0.1))
    }

    /// West, south, east, north, in degrees.
    pub(crate) fn bbox(&self) -> [f64; 4] {
        let (height, width) = self.half_box();
        [self.lon - width, self.lat - height, self.lon + width, self.lat + height]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn there_are_more_than_250_cities_and_each_has_a_country() {
        assert_eq!(all().len(), ROWS.len());
        assert!(all().len() > 250, "{}", all().len());
        let names: HashSet<_> = ROWS.iter().map(|row| (row.0, row.2)).collect();
        assert_eq!(names.len(), ROWS.len());
    }

    #[test]
    fn cities_lie_in_their_countries() {
        for city in all() {
            let [west, south, east, north] = city.country.bbox;
            assert!((west..=east).contains(&city.lon), "{}", city.name);
            assert!((south..=north).contains(&city.lat), "{}", city.name);
        }
    }

    #[test]
    fn cities_are_drawn_by_their_people() {
        let mut counts = vec![0u32; all().len()];
        for key in 0..200_000 {
            let city = draw(crate::hash::hash(3, key, 9)).unwrap();
            counts[city.index as usize] += 1;
        }
        let of = |name: &str| counts[all().iter().position(|c| c.name == name).unwrap()];
        assert!(of("Tokyo") > 3 * of("Paris"), "{} {}", of("Tokyo"), of("Paris"));
        assert!(of("Suva") > 0);
    }

    #[test]
    fn boxes_have_the_size_of_cities() {
        for city in all() {
            assert!((2.0..60.0).contains(&city.radius_km()), "{}", city.name);
        }
    }
}
